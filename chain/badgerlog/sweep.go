package badgerlog

const (
	// sweepHeads is how many heads a commit has written beside it while the index is
	// flushed, and twice as many as it touches itself: so a flush comes to its end, and
	// no commit waits for all of it.
	sweepHeads = 512
)

// sweep is a flush of the index that goes on from commit to commit. A head is written
// as it is when its turn comes, which may be newer than the watermark: what a replay
// finds to be there, it does not add again.
type sweep struct {
	heads     []*head // to be written yet
	watermark uint64  // blocks before it are in pages and summaries once they are
	running   bool
}

// begin takes what is to be written. The index's mutex is not held.
func (x *index) begin(watermark uint64) sweep {
	x.mu.RLock()
	defer x.mu.RUnlock()
	s := sweep{watermark: watermark, running: true}
	for _, h := range x.heads {
		if h.dirty {
			s.heads = append(s.heads, h)
		}
	}
	return s
}

// write writes n of the heads at most, and after the last of them the watermark. Only
// the committer may call it, with all that the heads know of committed.
func (s *sweep) write(l *Log, n int) error {
	part := s.heads[:min(n, len(s.heads))]
	s.heads = s.heads[len(part):]
	s.running = len(s.heads) > 0
	return l.write(func(b *batch) {
		for _, h := range part {
			h.set(b)
		}
		if !s.running {
			b.set(watermarkKey, encodeCounter(s.watermark))
		}
	})
}
