package platform

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Ending reports whether a process has been killed or is no more, so that what it has
// locked will be free in a moment. It is false for one that is not known, which is 0.
func Ending(pid int) bool {
	if pid == 0 {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return isGone(err)
	}
	// The name in parentheses may hold anything; state, five numbers and flags follow.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	const exiting = 0x4 // PF_EXITING
	if len(fields) > 6 {
		flags, _ := strconv.ParseUint(fields[6], 10, 64)
		if fields[0] == "Z" || fields[0] == "X" || flags&exiting != 0 {
			return true
		}
	}
	return killed(pid)
}

// isGone reports whether an error says that the process is no more; it may end between
// the opening and the reading of its file.
func isGone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH)
}

// killed reports whether a process has yet to hear that it was killed.
func killed(pid int) bool {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return isGone(err)
	}
	const sigkill = 1 << (9 - 1)
	for line := range strings.Lines(string(status)) {
		name, mask, _ := strings.Cut(line, ":")
		if name != "SigPnd" && name != "ShdPnd" {
			continue
		}
		if pending, err := strconv.ParseUint(strings.TrimSpace(mask), 16, 64); err == nil && pending&sigkill != 0 {
			return true
		}
	}
	return false
}
