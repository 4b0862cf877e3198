//go:build !linux

package badgerlog_test

// anonymous is not known here.
func anonymous() (mib int) { return 0 }
