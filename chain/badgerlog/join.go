package badgerlog

import "time"

// gather lets records come before the next commit, unless some have waited for one
// already: they may have been hurried then.
func (c *committer) gather() {
	if c.left || c.waiting() > c.built {
		return
	}
	c.joinFor(c.log.limits.gatherTime, c.w.hurry, func() int {
		if c.size >= gatherBytes {
			return 0
		}
		return joinAtOnce
	})
}

// waiting is how many items are in the backlog.
func (c *committer) waiting() int { return len(c.backlog) - c.front }

// fetch adds what is in the queue to the backlog, and lets go of what is in a group
// already.
func (c *committer) fetch() {
	if c.front >= c.waiting() { // else what is left would be moved more often than it is added to
		n := copy(c.backlog, c.backlog[c.front:])
		clear(c.backlog[n:])
		c.backlog, c.front = c.backlog[:n], 0
	}
	c.w.mu.Lock()
	c.spent, c.w.queue, c.w.queued = c.w.queue, c.spent[:0], 0
	c.w.mu.Unlock()
	c.backlog = append(c.backlog, c.spent...)
	clear(c.spent)
}

// joinAtOnce is how many items are built, and waited for, before the committer looks
// around.
const joinAtOnce = 64

// join builds some more of the next group. It reports whether there may be more to
// build, and whether there is room for more than there is.
func (c *committer) join() (more, room bool) {
	if c.waiting() == c.built {
		c.fetch()
	}
	for range joinAtOnce {
		if c.size >= groupSize || c.built == c.waiting() {
			break
		}
		it := &c.backlog[c.front+c.built]
		c.size += it.size()
		c.built++
		c.build(it)
	}
	room = c.size < groupSize
	return room && c.built < c.waiting(), room
}

// joinFor builds what comes, as the beginning of the next group, for so long, or until
// enough says that no more items are waited for, and not how many at once.
func (c *committer) joinFor(wait time.Duration, hurry <-chan struct{}, enough func() int) {
	c.timer.Reset(wait)
	defer c.timer.Stop()
	for {
		more, room := c.join()
		if more {
			continue
		}
		n := enough()
		if !room || n == 0 {
			return
		}
		if c.w.await(n) {
			continue
		}
		select {
		case <-c.w.back:
		case <-hurry:
			return
		case <-c.timer.C:
			return
		case <-c.w.closing:
			return
		}
	}
}

// joinUntil builds what comes until the group is written, and says what became of that.
func (c *committer) joinUntil(written <-chan error) error {
	for {
		more, room := c.join()
		if !room {
			return <-written
		}
		if more || c.w.await(joinAtOnce) {
			select {
			case err := <-written:
				return err
			default:
				continue
			}
		}
		select {
		case <-c.w.back:
		case err := <-written:
			return err
		}
	}
}
