//go:build !race

package badgerlog_test

// raced says that the race detector watches, under which everything takes longer.
const raced = false
