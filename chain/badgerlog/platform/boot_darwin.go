package platform

import "syscall"

// Boot names the start of the machine since which it runs; empty when that is not known.
func Boot() string {
	id, err := syscall.Sysctl("kern.bootsessionuuid")
	if err != nil {
		return ""
	}
	return id
}
