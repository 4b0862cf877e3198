package platform

import "time"

// A process that was killed has its locks until the system has taken its memory away,
// which takes a while where it had much. So long one is waited for.
const (
	endingTime = 5 * time.Second
	endingPoll = 10 * time.Millisecond
)

// UnlessEnding is lock, tried again for a short while when the process that holds the
// lock is ending. holder finds that process in an error of lock; 0 is none.
func UnlessEnding[L any](lock func() (L, error), holder func(error) (pid int)) (L, error) {
	for deadline := time.Now().Add(endingTime); ; time.Sleep(endingPoll) {
		l, err := lock()
		if err == nil || !Ending(holder(err)) || time.Now().After(deadline) {
			return l, err
		}
	}
}
