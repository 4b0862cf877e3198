package manifest

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// size is a number of bytes, written as an integer or as "64MiB".
type size int64

var sizeUnits = []struct {
	name  string
	bytes size
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}

// String prints the size in the largest unit that divides it.
func (s size) String() string {
	for _, u := range sizeUnits {
		if s != 0 && s%u.bytes == 0 {
			return fmt.Sprintf("%d%s", s/u.bytes, u.name)
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// ParseSize reads a size as manifests have it: a whole number followed by B, KiB,
// MiB or GiB. It returns bytes.
func ParseSize(text string) (int64, bool) {
	n, ok := parseSize(text)
	return int64(n), ok
}

// parseSize reads a whole number followed by B, KiB, MiB or GiB.
func parseSize(text string) (size, bool) {
	for _, u := range sizeUnits {
		digits, found := strings.CutSuffix(text, u.name)
		if !found {
			continue
		}
		n, err := strconv.ParseUint(strings.TrimRight(digits, " "), 10, 63)
		if err != nil || size(n) > math.MaxInt64/u.bytes {
			return 0, false
		}
		return size(n) * u.bytes, true
	}
	return 0, false
}

// shortDuration prints a duration without its trailing zero units.
func shortDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
