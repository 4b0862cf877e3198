package badgerlog

import (
	"cmp"
	"time"
)

// rejoinGroup is how many items a commit has at least of which it is thought that
// those who waited for them are many, and come back.
const rejoinGroup = 32

// rejoin lets those come back who were just acknowledged, for a quarter of the time
// that their commit took. To wait for the disk costs the same for one record as for a
// thousand; without this, those who come back find the next commit begun with those
// who came meanwhile, and each of the two groups waits for the other's. What has come
// is built while the rest comes. due is how many items there are when all are back.
func (c *committer) rejoin(due int, took time.Duration) {
	if c.log.folder.durability != Sync || len(c.group) < rejoinGroup || c.waiting() > c.built {
		return
	}
	c.joinFor(cmp.Or(c.log.limits.rejoinTime, took/4), nil, func() int { return min(max(due-c.built, 0), joinAtOnce) })
}

// await has back signalled once there are so many items in the queue, and reports
// whether they are there already.
func (w *writer) await(items int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-w.back: // of an earlier wait
	default:
	}
	w.due = items
	return len(w.queue) >= items
}

// waiting is how many items are in the queue.
func (w *writer) waiting() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.queue)
}
