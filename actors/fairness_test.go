package actors

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// handler is an invoker of a function.
type handler func(message any)

func (h handler) InvokeSystemMessage(any)       {}
func (h handler) InvokeUserMessage(message any) { h(message) }
func (h handler) EscalateFailure(any, any)      {}

// box makes a mailbox of a queue's, with n messages in it, that is not started.
func box(q scheduler, n int, handle func(m *mailbox)) *mailbox {
	m := newMailbox(1000, 1000)
	m.RegisterHandlers(handler(func(any) { handle(m) }), q)
	for i := range n {
		m.PostUserMessage(i)
	}
	return m
}

func TestAMailboxGoesToTheEndOfTheQueueAfterItsThroughput(t *testing.T) {
	m, s, d := started(9, 9) // d's throughput is 2
	for i := range 5 {
		m.PostUserMessage(fmt.Sprint(i))
	}
	for _, handled := range []int{2, 4, 5} {
		if len(d.waiting) != 1 {
			t.Fatalf("%d runs are scheduled", len(d.waiting))
		}
		d.step()
		if len(s.seen) != handled {
			t.Errorf("it handled %q, want %d", s.seen, handled)
		}
	}
	if len(d.waiting) != 0 {
		t.Error("a run is scheduled although nothing waits")
	}
}

func TestMessagesThatFailCountToTheThroughput(t *testing.T) {
	m, s, d := started(9, 9)
	s.on["bad"] = func() { panic("boom") }
	for range 5 {
		m.PostUserMessage("bad")
	}
	d.step()
	if len(s.seen) != 2 || len(d.waiting) != 1 {
		t.Errorf("it handled %q, and %d runs are scheduled", s.seen, len(d.waiting))
	}
}

func TestTwoBusyMailboxesTakeTurns(t *testing.T) {
	bubble(t, 1, 4, func(t *testing.T, q *runQueue) {
		const n = 10 * runThroughput
		var handled [2]int
		var boxes [2]*mailbox
		for i := range boxes {
			boxes[i] = box(q, n, func(*mailbox) {
				handled[i]++
				if ahead := handled[i] - handled[1-i]; ahead > runThroughput {
					t.Fatalf("mailbox %d is %d messages ahead", i, ahead)
				}
			})
		}
		q.Schedule(func() { // with both of them in the queue, on its one worker
			boxes[0].Start()
			boxes[1].Start()
		})
		synctest.Wait()
		if handled != [2]int{n, n} {
			t.Errorf("they handled %d messages", handled)
		}
	})
}

func TestABusyMailboxSharesWhatItWakes(t *testing.T) {
	bubble(t, 2, 4, func(t *testing.T, q *runQueue) {
		start, woken := time.Now(), make(chan struct{})
		other := box(q, 1, func(*mailbox) { close(woken) })
		handled := 0
		box(q, 2*shareEvery, func(*mailbox) {
			switch handled++; handled {
			case 1:
				other.Start()
			case shareEvery:
				<-woken // in the same run
			}
		}).Start()
		synctest.Wait()
		expectTime(t, start, 0)
		if handled != 2*shareEvery {
			t.Errorf("it handled %d messages", handled)
		}
		expectWorkers(t, q, 2, 2)
	})
}

func TestAMessageThatWaitsLetsOtherMailboxesGoOn(t *testing.T) {
	bubble(t, 1, 4, func(t *testing.T, q *runQueue) {
		start, answer, handled := time.Now(), make(chan struct{}), 0
		other := box(q, 1, func(*mailbox) { close(answer) })
		box(q, 2, func(m *mailbox) {
			if handled++; handled == 1 {
				other.Start()
				m.blocking()
				<-answer
				m.unblocked()
			}
		}).Start()
		synctest.Wait()
		expectTime(t, start, 0)
		if handled != 2 {
			t.Errorf("it handled %d messages", handled)
		}
		expectWorkers(t, q, 2, 2)
	})
}
