// Package top is the screen of theater top: the node and its actors, looked at again
// and again, with what one of them does, and the keys to end it.
//
// It knows no node and no API: a Source shows it what there is and does what it is
// told. Only cli imports it.
package top
