package actors

import (
	"errors"
	"sync"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/theater-go/theater/chain"
)

// ErrMailboxFull is returned when a message is refused because the receiver's
// mailbox holds as many messages or bytes as its limits allow.
var ErrMailboxFull = errors.New("mailbox is full")

// errGoexit is the failure of a message whose handling ended its goroutine.
var errGoexit = errors.New("handling a message called runtime.Goexit")

// delivery is a user message that counts to a mailbox's caps and can be told
// that it will not be handled.
type delivery interface {
	// size is the message's size in bytes; it never changes.
	size() int
	// refuse tells the sender that the message will not be handled. The mailbox
	// calls it for a message that it does not queue, on the goroutine of the
	// push and with no lock held; what close returns is the caller's to refuse.
	refuse(reason error)
	// fleeting reports whether the message is lost when its node ends first.
	fleeting() bool
	// awaited reports whether somebody waits for what comes of it.
	awaited() bool
}

// scheduler is what a mailbox needs of its dispatcher.
type scheduler interface {
	actor.Dispatcher
	// schedule has a worker call run, soon and on a goroutine of its own.
	schedule(run func(*worker))
}

// shareEvery is after how many messages a run lets another worker take what it
// has woken.
const shareEvery = 8

// mailbox is an actor's queue behind protoactor's Mailbox interface. System
// messages go before user messages and are handled while it is suspended too.
//
// Caps and closing concern deliveries only: a delivery beyond a cap or after
// close is refused at once, so a push never blocks, not even an actor's own.
// Other user messages, which only this package sends, always pass.
//
// Nothing is handled before Start, so a message that comes in while its actor
// is being spawned waits for Started to be handled first.
type mailbox struct {
	maxMessages int
	maxBytes    int64

	mu         sync.Mutex // guards what follows, to worker
	deliveries int        // in user
	bytes      int64      // of the deliveries in user
	system     queue[any]
	orders     queue[any] // go before user messages, unless suspended
	user       queue[any]
	closed     error // why deliveries are refused; nil while open
	started    bool
	scheduled  bool // run is queued or running
	held       bool // user messages wait
	suspended  bool
	full       bool     // the log has no room for the turn of the first user message
	handled    delivery // the one under way

	worker     *worker // of the run under way, which alone uses it
	invoker    actor.MessageInvoker
	dispatcher scheduler
	work       func(*worker) // the method value run, made once
}

var _ actor.Mailbox = (*mailbox)(nil)

// newMailbox makes an open mailbox. Both caps must be positive.
func newMailbox(maxMessages int, maxBytes int64) *mailbox {
	m := &mailbox{}
	m.open(maxMessages, maxBytes)
	return m
}

// open makes the zero mailbox an open one.
func (m *mailbox) open(maxMessages int, maxBytes int64) {
	m.maxMessages, m.maxBytes, m.work = maxMessages, maxBytes, m.run
}

// RegisterHandlers is called once, before Start. The dispatcher must be a
// scheduler.
func (m *mailbox) RegisterHandlers(invoker actor.MessageInvoker, dispatcher actor.Dispatcher) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.invoker, m.dispatcher = invoker, dispatcher.(scheduler)
}

// Start lets messages be handled, from those that are waiting on.
func (m *mailbox) Start() {
	m.mu.Lock()
	m.started = true
	m.unlockAndWake()
}

// PostUserMessage queues a message or refuses it.
func (m *mailbox) PostUserMessage(message any) { m.post(message, nil) }

// post is PostUserMessage from a function that w runs, nil for none: the message
// is handled right after it, where nothing was before it.
func (m *mailbox) post(message any, w *worker) {
	d, counts := actor.UnwrapEnvelopeMessage(message).(delivery)
	m.mu.Lock()
	if counts {
		if err := m.admitLocked(d); err != nil {
			m.mu.Unlock()
			d.refuse(err)
			return
		}
	}
	m.user.push(message)
	if wake := m.unlock(); wake && !w.follow(m.work) {
		m.dispatcher.schedule(m.work)
	}
}

// admitLocked counts a delivery in, or says why it is refused.
func (m *mailbox) admitLocked(d delivery) error {
	size := int64(d.size())
	switch {
	case m.closed != nil:
		return m.closed
	case m.deliveries >= m.maxMessages || size > m.maxBytes-m.bytes:
		return ErrMailboxFull
	case m.full && d.awaited():
		return chain.ErrNoSpace
	}
	m.deliveries++
	m.bytes += size
	return nil
}

// restore queues a message that was queued before, whatever the caps say.
func (m *mailbox) restore(d delivery) {
	m.mu.Lock()
	m.deliveries++
	m.bytes += int64(d.size())
	m.user.push(d)
	m.unlockAndWake()
}

// order has a message handled before the user messages, once the mailbox is not
// suspended.
func (m *mailbox) order(message any) {
	m.mu.Lock()
	m.orders.push(message)
	m.unlockAndWake()
}

// orderFirst is order for a message that goes before all others.
func (m *mailbox) orderFirst(message any) {
	m.mu.Lock()
	m.orders.pushFirst(message)
	m.unlockAndWake()
}

// hold keeps user messages waiting until release.
func (m *mailbox) hold() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.held = true
}

// release is for the owner, while it handles a message.
func (m *mailbox) release() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.held = false
}

// retain puts the delivery that is handled back before all others, whatever the caps
// say, and user messages wait until roomy. It takes out those that somebody waits
// for, which the caller answers. A mailbox that is closed does nothing.
func (m *mailbox) retain(d delivery) (awaited []delivery, open bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed != nil {
		return nil, false
	}
	for range m.user.count {
		message := m.user.pop()
		if other, ok := actor.UnwrapEnvelopeMessage(message).(delivery); ok && other.awaited() {
			m.deliveries--
			m.bytes -= int64(other.size())
			awaited = append(awaited, other)
		} else {
			m.user.push(message)
		}
	}
	m.user.pushFirst(d)
	m.deliveries++
	m.bytes += int64(d.size())
	m.handled, m.full = nil, true
	return awaited, true
}

// roomy says that the log may have room again.
func (m *mailbox) roomy() {
	m.mu.Lock()
	m.full = false
	m.unlockAndWake()
}

// drain takes out the deliveries that wait, oldest first; the caller answers
// them.
func (m *mailbox) drain() []delivery {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.drainLocked()
}

// PostSystemMessage queues a message of protoactor's own; it is never refused.
func (m *mailbox) PostSystemMessage(message any) {
	m.mu.Lock()
	m.system.push(message)
	m.unlockAndWake()
}

// UserMessageCount returns the number of user messages that wait.
func (m *mailbox) UserMessageCount() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.user.count
}

// len returns how many deliveries wait and their bytes together.
func (m *mailbox) len() (messages int, bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.deliveries, m.bytes
}

// busy reports whether a message is handled, or is about to be.
func (m *mailbox) busy() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.scheduled
}

// fleeting returns how many messages, that wait or are handled, are lost when the
// node ends now.
func (m *mailbox) fleeting() (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.handled != nil && m.handled.fleeting() {
		n++
	}
	for i := range m.user.count {
		if d, ok := actor.UnwrapEnvelopeMessage(m.user.at(i)).(delivery); ok && d.fleeting() {
			n++
		}
	}
	return n
}

// close refuses every later delivery with the reason and returns those that
// waited, oldest first; the caller answers them. Each delivery is thus handled,
// refused or returned here, and exactly one of these. A second close returns
// nothing and keeps the first reason.
func (m *mailbox) close(reason error) []delivery {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed != nil {
		return nil
	}
	m.closed = reason
	return m.drainLocked()
}

func (m *mailbox) drainLocked() []delivery {
	drained := make([]delivery, 0, m.deliveries)
	for range m.user.count {
		message := m.user.pop()
		if d, ok := actor.UnwrapEnvelopeMessage(message).(delivery); ok {
			drained = append(drained, d)
		} else {
			m.user.push(message)
		}
	}
	m.deliveries, m.bytes = 0, 0
	return drained
}

// unlockAndWake gives up the lock and schedules a run where there is work and
// none is under way.
func (m *mailbox) unlockAndWake() {
	if m.unlock() {
		m.dispatcher.schedule(m.work)
	}
}

// unlock gives up the lock and returns whether the caller is to schedule a run.
func (m *mailbox) unlock() (wake bool) {
	wake = m.started && !m.scheduled && m.readyLocked()
	if wake {
		m.scheduled = true
	}
	m.mu.Unlock()
	return wake
}

func (m *mailbox) readyLocked() bool {
	return m.system.count > 0 || !m.suspended && (m.orders.count > 0 || m.user.count > 0 && !m.held && !m.full)
}

// run handles messages until none is ready, or until it has handled so many
// that it goes to the end of the dispatcher's queue.
func (m *mailbox) run(w *worker) {
	m.worker = w
	handled := 0
	for m.handle(&handled) {
	}
}

// blocking says that the message under way begins to wait for something, so
// that another worker goes on with what else there is to do. Only its own
// handling may call it, and must call unblocked once the wait is over.
func (m *mailbox) blocking() { m.worker.blocking() }

// unblocked says that the wait is over.
func (m *mailbox) unblocked() { m.worker.unblocked() }

// handle handles messages until the run is over or one panics, and returns
// whether to go on. A panic is escalated: protoactor suspends the mailbox
// through a system message and asks the supervisor. An end of the goroutine is
// such a failure too; the mailbox then goes on in another goroutine.
func (m *mailbox) handle(handled *int) (again bool) {
	var message any
	finished := false
	defer func() {
		if finished {
			return
		}
		if reason := recover(); reason != nil {
			m.invoker.EscalateFailure(reason, message)
			again = true
			return
		}
		m.invoker.EscalateFailure(errGoexit, message)
		m.dispatcher.schedule(m.work)
	}()
	for throughput := m.dispatcher.Throughput(); *handled < throughput; {
		var system, ok bool
		if message, system, ok = m.next(); !ok {
			finished = true
			return false
		}
		m.worker.pass()
		if *handled++; *handled%shareEvery == 0 {
			m.worker.share()
		}
		if system {
			m.invoker.InvokeSystemMessage(message)
		} else {
			m.invoker.InvokeUserMessage(message)
		}
	}
	finished = true
	m.dispatcher.schedule(m.work) // m is the next run's from here on
	return false
}

// next takes the next message to invoke; where there is none it ends the run.
func (m *mailbox) next() (message any, system, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for m.system.count > 0 {
		message = m.system.pop()
		switch message.(type) {
		case *actor.SuspendMailbox:
			m.suspended = true
		case *actor.ResumeMailbox:
			m.suspended = false
		default:
			return message, true, true
		}
	}
	m.handled = nil
	if !m.readyLocked() {
		m.scheduled = false
		return nil, false, false
	}
	if m.orders.count > 0 {
		return m.orders.pop(), false, true
	}
	message = m.user.pop()
	if d, counts := actor.UnwrapEnvelopeMessage(message).(delivery); counts {
		m.deliveries--
		m.bytes -= int64(d.size())
		m.handled = d
	}
	return message, false, true
}
