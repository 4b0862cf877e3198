package supervision

import "time"

// Clock is the time of a supervisor.
type Clock interface {
	Now() time.Time
	// AfterFunc calls f on a goroutine of its own after d, unless stop is called
	// before, which reports whether it was.
	AfterFunc(d time.Duration, f func()) (stop func() bool)
}

// RealClock is the machine's.
type RealClock struct{}

// Now is the time.
func (RealClock) Now() time.Time { return time.Now() }

// AfterFunc is that of package time.
func (RealClock) AfterFunc(d time.Duration, f func()) func() bool { return time.AfterFunc(d, f).Stop }
