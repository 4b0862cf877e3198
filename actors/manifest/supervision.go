package manifest

import "time"

// OnError says what an err answered by an export does to the actor.
type OnError string

// What an err does; OnErrorFail is the default.
const (
	OnErrorFail     OnError = "fail"     // the actor fails
	OnErrorContinue OnError = "continue" // the turn fails, the actor goes on
)

// RestartState says what a restarted instance begins with.
type RestartState string

// What a restart begins with; RestartInitial is the default.
const (
	RestartInitial RestartState = "initial" // the initial state, and init runs again
	RestartLast    RestartState = "last"    // the last committed state, without init
)

// MailboxPolicy says what a restart does with the messages that wait.
type MailboxPolicy string

// What becomes of waiting messages; MailboxKeep is the default.
const (
	MailboxKeep MailboxPolicy = "keep"
	MailboxDrop MailboxPolicy = "drop"
)

// Strategy says which children restart when one of them must.
type Strategy string

// The strategies, named as in OTP; OneForOne is the default.
const (
	OneForOne       Strategy = "one-for-one"        // it alone
	OneForAll       Strategy = "one-for-all"        // all of them
	RestForOne      Strategy = "rest-for-one"       // it and those that started after it
	SimpleOneForOne Strategy = "simple-one-for-one" // it alone, each made from the one template
)

// AutoShutdown says whether an actor stops by itself when significant children
// have ended by themselves.
type AutoShutdown string

// When an actor stops by itself; ShutdownNever is the default.
const (
	ShutdownNever          AutoShutdown = "never"
	ShutdownAnySignificant AutoShutdown = "any_significant" // with the first of them
	ShutdownAllSignificant AutoShutdown = "all_significant" // with the last of them
)

// Supervision is the table [supervision]: how the actor itself restarts, and
// how it supervises its children.
type Supervision struct {
	OnError      OnError
	RestartState RestartState
	Mailbox      MailboxPolicy
	// MaxDeliveries is how often a message whose turn fails the actor is
	// delivered, at least 1.
	MaxDeliveries int

	Strategy Strategy
	// MaxRestarts within Period are made; one more fails the supervisor.
	MaxRestarts  int
	Period       time.Duration
	AutoShutdown AutoShutdown
	Backoff      Backoff
}

// Backoff is the table [supervision.backoff]: how long a child waits before it
// restarts.
type Backoff struct {
	Initial time.Duration // before the first restart; 0 restarts at once, always
	Factor  float64       // from one wait to the next, at least 1
	Cap     time.Duration // no wait is longer; at least Initial
	Jitter  float64       // share of a wait that is random, 0 to 1
	Reset   time.Duration // healthy time after which the next wait is Initial again
}

// DefaultSupervision is the supervision of a manifest without [supervision].
func DefaultSupervision() Supervision {
	return Supervision{
		OnError: OnErrorFail, RestartState: RestartInitial, Mailbox: MailboxKeep, MaxDeliveries: 1,
		Strategy: OneForOne, MaxRestarts: 3, Period: 5 * time.Second, AutoShutdown: ShutdownNever,
		Backoff: Backoff{Factor: 2, Cap: 30 * time.Second, Jitter: 0.1, Reset: 30 * time.Second},
	}
}

var supervisionKeys = []key[Manifest]{
	{KeyDoc{"supervision.on_error", "string", "", `"fail"`, "What an `err` answered by an export does: `fail` the actor, or fail the turn only and `continue`."},
		func(m *Manifest) any { return &m.Supervision.OnError }, oneOf(OnErrorFail, OnErrorContinue)},
	{KeyDoc{"supervision.restart_state", "string", "", `"initial"`, "What the actor begins with when it restarts: the `initial` state, and `init` runs again; or the `last` committed state, without `init`."},
		func(m *Manifest) any { return &m.Supervision.RestartState }, oneOf(RestartInitial, RestartLast)},
	{KeyDoc{"supervision.mailbox", "string", "", `"keep"`, "What a restart of the actor does with the messages that wait: `keep` or `drop` them."},
		func(m *Manifest) any { return &m.Supervision.Mailbox }, oneOf(MailboxKeep, MailboxDrop)},
	{KeyDoc{"supervision.max_deliveries", "integer", "deliveries", "1", "How often a message whose turn fails the actor is delivered; then it is recorded as dropped."},
		func(m *Manifest) any { return &m.Supervision.MaxDeliveries }, integers(1, 1000)},
	{KeyDoc{"supervision.strategy", "string", "", `"one-for-one"`, "Which children restart when one must: it alone (`one-for-one`), all of them (`one-for-all`), or it and those that started after it (`rest-for-one`). With `simple-one-for-one` it alone, and the one [[child]] is the template of every child that the actor spawns."},
		func(m *Manifest) any { return &m.Supervision.Strategy }, oneOf(OneForOne, OneForAll, RestForOne, SimpleOneForOne)},
	{KeyDoc{"supervision.max_restarts", "integer", "restarts", "3", "Restarts of children within `period`; when one more is needed, all children are stopped and the actor fails."},
		func(m *Manifest) any { return &m.Supervision.MaxRestarts }, integers(0, 1_000_000)},
	{KeyDoc{"supervision.period", "duration", "", `"5s"`, "The time within which `max_restarts` counts."},
		func(m *Manifest) any { return &m.Supervision.Period }, durations(time.Millisecond, 24*time.Hour)},
	{KeyDoc{"supervision.auto_shutdown", "string", "", `"never"`, "When the actor stops because significant children have ended by themselves: `never`, with the first (`any_significant`) or with the last of them (`all_significant`)."},
		func(m *Manifest) any { return &m.Supervision.AutoShutdown }, oneOf(ShutdownNever, ShutdownAnySignificant, ShutdownAllSignificant)},

	{KeyDoc{"supervision.backoff.initial", "duration", "", `"0s"`, "How long a child waits before its first restart; with `0s` every restart is at once."},
		func(m *Manifest) any { return &m.Supervision.Backoff.Initial }, durations(0, 24*time.Hour)},
	{KeyDoc{"supervision.backoff.factor", "float", "", "2", "How much longer each wait is than the one before."},
		func(m *Manifest) any { return &m.Supervision.Backoff.Factor }, floats(1, 100)},
	{KeyDoc{"supervision.backoff.cap", "duration", "", `"30s"`, "No wait is longer; not less than `initial`."},
		func(m *Manifest) any { return &m.Supervision.Backoff.Cap }, durations(time.Millisecond, 24*time.Hour)},
	{KeyDoc{"supervision.backoff.jitter", "float", "", "0.1", "The share of a wait that is random, so that children that failed together do not return together."},
		func(m *Manifest) any { return &m.Supervision.Backoff.Jitter }, floats(0, 1)},
	{KeyDoc{"supervision.backoff.reset", "duration", "", `"30s"`, "How long a child must run without failure for its next wait to be `initial` again."},
		func(m *Manifest) any { return &m.Supervision.Backoff.Reset }, durations(time.Millisecond, 24*time.Hour)},
}

// supervision holds what must hold between the keys of [supervision], each of
// which is valid by itself or reported.
func (r *reader) supervision(at *place) {
	const initial, most = "supervision.backoff.initial", "supervision.backoff.cap"
	b := r.manifest.Supervision.Backoff
	if b.Cap >= b.Initial || r.troubled(0, "supervision.backoff") {
		return
	}
	backoff := at.key("backoff")
	if place := backoff.key("cap"); place != nil {
		r.report(place, most, "must not be less than initial, which is "+shortDuration(b.Initial), "")
		return
	}
	r.report(backoff.key("initial"), initial, "must not be more than cap, which is "+shortDuration(b.Cap), "set cap too")
}
