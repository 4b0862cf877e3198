package badgerlog

import "syscall"

// machineBoot names the start of the machine since which it runs; empty when that is
// not known.
func machineBoot() string {
	id, err := syscall.Sysctl("kern.bootsessionuuid")
	if err != nil {
		return ""
	}
	return id
}
