package badgerlog

import (
	"os"
	"strings"
)

// machineBoot names the start of the machine since which it runs; empty when that is
// not known.
func machineBoot() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}
