package platform

import (
	"os"
	"strings"
)

// Boot names the start of the machine since which it runs; empty when that is not known.
func Boot() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}
