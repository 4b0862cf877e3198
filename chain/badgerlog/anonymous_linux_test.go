package badgerlog_test

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

// anonymous is how much memory of its own the process has, in MiB: none of it is a
// file's.
func anonymous() (mib int) {
	f, err := os.Open("/proc/self/status")
	exitOn(err)
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if rest, ok := strings.CutPrefix(s.Text(), "RssAnon:"); ok {
			_, err := fmt.Sscan(rest, &mib)
			exitOn(err)
		}
	}
	return mib >> 10
}
