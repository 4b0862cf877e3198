// Package bench measures this build: each row of its table is an ordinary use
// of the project and, in alternation with it in the same run, the same work
// done by a library that users know. Ratios hold on a busy machine; absolute
// numbers do not.
//
// It never judges a number, and nothing runs faster because it is measured: a
// row uses the packages as any program does. Only cli may import it. It is the
// one place where any dependency may appear.
package bench
