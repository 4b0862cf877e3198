package actors

import (
	"runtime"
	"strings"
	"testing"
)

// trace notes which functions a queue of one worker ran, and in what order.
type trace struct {
	strings.Builder
	done chan struct{}
}

func (r *trace) says(name string) func(*worker) {
	return func(*worker) { r.WriteString(name) }
}

func (r *trace) ends(*worker) { close(r.done) }

func TestWhatAFunctionWakesRunsRightAfterIt(t *testing.T) {
	bubble(t, 1, 1, func(t *testing.T, q *runQueue) {
		r := &trace{done: make(chan struct{})}
		q.schedule(func(w *worker) {
			q.schedule(r.says("old "))
			if !w.follow(r.says("next ")) || w.follow(r.says("never ")) {
				t.Error("a function is to run next, and not two")
			}
			q.schedule(r.ends)
		})
		<-r.done
		if got := r.String(); got != "next old " {
			t.Errorf("they ran as %q", got)
		}
	})
}

func TestAStreakEndsForWhoWaits(t *testing.T) {
	bubble(t, 1, 1, func(t *testing.T, q *runQueue) {
		r := &trace{done: make(chan struct{})}
		hops := 0
		var hop func(*worker)
		hop = func(w *worker) {
			if hops++; hops == 3*maxStreak {
				r.ends(w)
				return
			}
			w.follow(hop)
		}
		waited := 0
		q.schedule(func(w *worker) {
			q.schedule(func(*worker) { waited = hops })
			hop(w)
		})
		<-r.done
		if waited == 0 || waited > maxStreak+1 {
			t.Errorf("who waited came after %d", waited)
		}
	})
}

func TestWhatWasToRunNextIsLeftToOthers(t *testing.T) {
	for name, leave := range map[string]func(*worker){
		"by a function that goes on":              func(w *worker) { w.pass() },
		"by one that waits":                       func(w *worker) { w.blocking(); defer w.unblocked() },
		"by one that ends":                        func(*worker) {},
		"by one whose goroutine ends":             func(*worker) { runtime.Goexit() },
		"by one that waits until it has been run": nil,
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, 1, 1, func(t *testing.T, q *runQueue) {
				ran := make(chan struct{})
				q.schedule(func(w *worker) {
					w.follow(func(*worker) { close(ran) })
					if leave != nil {
						leave(w)
						return
					}
					w.blocking()
					defer w.unblocked()
					<-ran
				})
				<-ran
			})
		})
	}
}

func TestAMessageFromATurnIsHandledRightAfterIt(t *testing.T) {
	bubble(t, 1, 1, func(t *testing.T, q *runQueue) {
		r := &trace{done: make(chan struct{})}
		other := box(q, 1, func(*mailbox) { r.WriteString("other ") })
		receiver := box(q, 0, func(*mailbox) { r.WriteString("receiver ") })
		receiver.Start()
		sender := box(q, 2, func(m *mailbox) {
			r.WriteString("sender ")
			if m.UserMessageCount() == 0 {
				receiver.post("message", m.worker)
			}
		})
		q.schedule(func(*worker) {
			sender.Start()
			other.Start()
			q.schedule(r.ends)
		})
		<-r.done
		if got := r.String(); got != "sender sender receiver other " {
			t.Errorf("they were handled as %q", got)
		}
	})
}
