//go:build !linux && !darwin

package badgerlog

// machineBoot is not known here.
func machineBoot() string { return "" }
