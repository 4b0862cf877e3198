package cli

import (
	"fmt"
	"time"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/replay"
)

// replayWatch is told how far a replay has come.
type replayWatch interface {
	begin() error
	confirmed(chain.Record, replay.Report) error
	end() error
}

func (r *replayer) watch(result *replayed) replayWatch {
	if r.print.value != "event" {
		total := result.actor.Records
		if r.records > 0 {
			total = min(total, r.records)
		}
		return &replayProgress{status: r.err, path: result.actor.Path, total: total, started: time.Now()}
	}
	return replayRecords{result.events.writer(r.newListWriter(r.format.value, false), result.actor)}
}

// replayRecords shows each record that is the same.
type replayRecords struct{ recordWriter }

func (r replayRecords) confirmed(rec chain.Record, _ replay.Report) error { return r.record(rec) }

// replayProgress draws on a terminal how far it is.
type replayProgress struct {
	*status
	path           string
	total          uint64 // records
	started, drawn time.Time
}

func (p *replayProgress) begin() error { return nil }

func (p *replayProgress) confirmed(_ chain.Record, done replay.Report) error {
	if !p.terminal || time.Since(p.started) < quietStart || time.Since(p.drawn) < progressInterval {
		return nil
	}
	p.drawn = time.Now()
	p.progress(fmt.Sprintf("replaying %s, record %d of %d", escape(p.path), done.Records, p.total), time.Since(p.started), true)
	return nil
}

func (p *replayProgress) end() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.endPendingLocked()
	return nil
}
