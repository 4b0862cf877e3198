package chain

// Event is one crossing of an actor's sandbox. The set is closed: *Genesis,
// *Call, *Host, *Intent, *Outcome, *Key, *Result, *Lifecycle. Times are unix
// nanoseconds.
type Event interface{ kind() eventKind }

// eventKind is the first byte of an encoded event.
type eventKind uint8

const (
	kindGenesis eventKind = 1 + iota
	kindCall
	kindHost
	kindIntent
	kindOutcome
	kindKey
	kindResult
	kindLifecycle
)

// Genesis is the first event of record 0: who the actor is and what it runs.
type Genesis struct {
	Time         int64
	Name, Path   string
	Parent       Ref  // the parent's spawn; zero for a root
	Module       Hash // the guest's bytes, a blob
	Manifest     Hash // the manifest's bytes, a blob; zero when there was none
	InitialState Hash // the initial state's bytes, a blob; zero when there was none
	Children     Hash // what the children that the manifest declares are made from, a blob (see Child); zero when it declares none
	// Convention, Rewriter and FuelSchedule pin the versions of the guest call
	// convention, of the module rewriter and of the fuel prices.
	Convention, Rewriter, FuelSchedule uint32
	Sealed                             bool // payloads are written sealed
	// Folder is the absolute path of the folder that the manifest lay in, where
	// its actor finds what it names; "" when that is not known. It is kept beside
	// the record and not hashed, for another machine has other folders.
	Folder string
}

// Call opens a turn: one export is called.
type Call struct {
	Export   uint32 // index in the module's export section
	Params   Payload
	Cause    Cause
	Delivery uint32 // 1 for the first delivery of the message
	Time     int64
}

// CauseKind says what a Cause is.
type CauseKind uint8

// The kinds of cause.
const (
	CauseNone CauseKind = iota
	CauseEvent
	CauseExternal
)

// Cause is what made a turn happen: an event of another actor, something
// outside the log, or nothing that is known.
type Cause struct {
	Kind     CauseKind
	Event    Ref    // CauseEvent
	External string // CauseExternal
}

// CallStatus says how a host call ended.
type CallStatus uint8

// The ends of a host call.
const (
	CallAnswered CallStatus = iota
	CallDenied
	CallTimedOut
	CallKilled
	CallRefused
	CallInterrupted
)

// Host is a host call that was answered on the spot.
type Host struct {
	Import uint32 // index in the module's import section
	Input  Payload
	Status CallStatus
	Output Payload
}

// Intent is a host call that is about to leave the actor. An intent without an
// outcome left, and what came of it is unknown.
type Intent struct {
	Import uint32
	Input  Payload
}

// Outcome is what became of an intent, or of a call that only waits.
type Outcome struct {
	Import uint32
	Input  Payload // of a wait; empty after an intent, which holds it
	Status CallStatus
	Output Payload
	Time   int64
}

// Key is the seed of the randomness of a turn.
type Key struct{ Key [32]byte }

// ResultStatus says how a turn ended.
type ResultStatus uint8

// The ends of a turn.
const (
	ResultOK ResultStatus = iota
	ResultError
	ResultTrap
	ResultLimit
	ResultKilled
	ResultDeadline
	ResultInterrupted
)

// Ends reports whether a turn with that end ended its instance too. After one
// that answered an error the instance may go on; whether it does is the actor's
// choice, and a restart says that it did not.
func (s ResultStatus) Ends() bool {
	switch s {
	case ResultTrap, ResultLimit, ResultKilled, ResultDeadline:
		return true
	}
	return false
}

// Result closes a turn.
type Result struct {
	Status   ResultStatus
	Response Payload
	Error    Payload // the guest's own error value
	Trap     TrapInfo
	State    StateRef
	Fuel     uint64 // where the guest was stopped; written for limit, killed and deadline only
	Text     string // for people; kept beside the record and not hashed
}

// TrapInfo is where and how a guest was stopped. The zero TrapInfo is no trap.
type TrapInfo struct {
	Kind     string
	Function uint32 // index in the original module
	Known    bool   // whether Function is known
}

// LifecycleKind says what a Lifecycle is.
type LifecycleKind uint8

// The kinds of lifecycle event.
const (
	LifecycleRestart LifecycleKind = iota // Sum is the state it begins with
	LifecycleSuspended
	LifecycleResumed
	LifecycleStopped    // final
	LifecycleCheckpoint // Sum names a Checkpoint, a blob
	LifecycleUpgrade    // Sum is the new module, Manifest its manifest
	LifecycleFork       // Ref and Sum name the record that was forked
	LifecycleDropped    // Ref names the message
)

// Lifecycle is a change of the actor itself. Each kind uses the fields it
// needs and leaves the others zero.
//
// A restart gives the actor a fresh instance. It says why (Reason and Detail),
// which restart of the actor it is (Count, from 1) and how long the actor waited
// for it (Wait). With Sum, which is the genesis's InitialState, the actor begins
// anew with that state, and the next turn is its init; without, it goes on with
// the state of the last turn that succeeded, and runs no init.
//
// A checkpoint says that the turns before it need not be executed again, as long as
// the log has the blob.
//
// A dropped message is named by what caused it (Ref); Reason says why nobody
// handled it.
type Lifecycle struct {
	What          LifecycleKind
	Time          int64
	Reason        string
	Detail        string
	Count         uint32
	Wait          int64 // nanoseconds
	Ref           Ref
	Sum, Manifest Hash
	// Convention, Rewriter and FuelSchedule are pinned anew by an upgrade.
	Convention, Rewriter, FuelSchedule uint32
}

func (*Genesis) kind() eventKind   { return kindGenesis }
func (*Call) kind() eventKind      { return kindCall }
func (*Host) kind() eventKind      { return kindHost }
func (*Intent) kind() eventKind    { return kindIntent }
func (*Outcome) kind() eventKind   { return kindOutcome }
func (*Key) kind() eventKind       { return kindKey }
func (*Result) kind() eventKind    { return kindResult }
func (*Lifecycle) kind() eventKind { return kindLifecycle }

var (
	callStatusNames = [...]string{"answered", "denied", "timed out", "killed", "refused", "interrupted"}
	resultNames     = [...]string{"ok", "error", "trap", "limit", "killed", "deadline", "interrupted"}
	lifecycleNames  = [...]string{"restart", "suspended", "resumed", "stopped", "checkpoint", "upgrade", "fork", "dropped"}
	eventNames      = [...]string{kindGenesis: "genesis", kindCall: "call", kindHost: "host", kindIntent: "intent",
		kindOutcome: "outcome", kindKey: "key", kindResult: "result", kindLifecycle: "lifecycle"}
)

func (s CallStatus) String() string    { return name(callStatusNames[:], int(s)) }
func (s ResultStatus) String() string  { return name(resultNames[:], int(s)) }
func (k LifecycleKind) String() string { return name(lifecycleNames[:], int(k)) }

// KindOf is the name of an event's kind: genesis, call, host, intent, outcome,
// key, result or lifecycle.
func KindOf(e Event) string { return name(eventNames[:], int(e.kind())) }

// Unknown is the name of a status or kind that this program does not know.
const Unknown = "unknown"

func name(names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return Unknown
}
