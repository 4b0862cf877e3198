package supervision

import (
	"errors"
	"fmt"
	"time"
)

// Restart says when a child that has ended is started again.
type Restart string

// The restart types of OTP.
const (
	Permanent Restart = "permanent" // always
	Transient Restart = "transient" // when it failed
	Temporary Restart = "temporary" // never; its spec goes with it
)

// Shutdown is how long a child may take to end when it is told to, from the
// moment at which the stop of its supervisor, or of the group it is in, began.
// Then the turn that it is in is cut off. The zero Shutdown is BrutalKill.
type Shutdown struct {
	Time     time.Duration
	Infinite bool
}

var (
	// BrutalKill gives a child no time.
	BrutalKill = Shutdown{}
	// Infinity gives it all the time it wants.
	Infinity = Shutdown{Infinite: true}
)

// String is the time, "brutal-kill" or "infinity".
func (s Shutdown) String() string {
	switch {
	case s.Infinite:
		return "infinity"
	case s.Time <= 0:
		return "brutal-kill"
	}
	return s.Time.String()
}

// ChildSpec says what a supervisor needs to know of a child.
type ChildSpec struct {
	ID          string // unique among the supervisor's children
	Child       Child
	Restart     Restart  // "" is Permanent
	Shutdown    Shutdown // the zero value is BrutalKill
	Significant bool     // its end may end the supervisor, see AutoShutdown
	// Dynamic children come and go: one that ends and is not started again
	// leaves no spec behind, whatever its restart type. simple-one-for-one has
	// only such children.
	Dynamic bool
}

// AutoShutdown says whether a supervisor ends, with reason shutdown, when
// significant children have ended by themselves and are not started again.
type AutoShutdown string

// When a supervisor ends by itself.
const (
	Never          AutoShutdown = "never"
	AnySignificant AutoShutdown = "any_significant"
	AllSignificant AutoShutdown = "all_significant"
)

// Spec is a supervisor's own settings. The zero Spec is one-for-one without any
// restart: the first failure ends the supervisor.
type Spec struct {
	Strategy     Strategy      // nil is OneForOne
	MaxRestarts  int           // as many restarts are allowed
	Period       time.Duration // within this time; 0 counts all
	Backoff      Backoff
	AutoShutdown AutoShutdown // "" is Never
}

// Check says what OTP forbids about the child under the supervisor.
func (s Spec) Check(c ChildSpec) error {
	never := s.AutoShutdown == Never || s.AutoShutdown == ""
	switch {
	case !never && s.AutoShutdown != AnySignificant && s.AutoShutdown != AllSignificant:
		return fmt.Errorf("auto_shutdown is %q, and may be %s, %s or %s", s.AutoShutdown, Never, AnySignificant, AllSignificant)
	case c.ID == "":
		return errors.New("the child has no id")
	case c.Child == nil:
		return fmt.Errorf("child %s: there is nothing to start", c.ID)
	case c.Restart != "" && c.Restart != Permanent && c.Restart != Transient && c.Restart != Temporary:
		return fmt.Errorf("child %s: restart is %q, and may be %s, %s or %s", c.ID, c.Restart, Permanent, Transient, Temporary)
	case c.Significant && (c.Restart == Permanent || c.Restart == ""):
		return fmt.Errorf("child %s: a significant child is transient or temporary, for a permanent one never ends", c.ID)
	case c.Significant && never:
		return fmt.Errorf("child %s is significant, and the supervisor's auto_shutdown is never", c.ID)
	}
	return nil
}

var (
	// ErrStopping is returned for a wish to a supervisor that ends.
	ErrStopping = errors.New("the supervisor is stopping")
	// ErrNoChild is returned for an id that the supervisor does not have.
	ErrNoChild = errors.New("no such child")
	// ErrRunning is returned for a child that runs and should not.
	ErrRunning = errors.New("the child is running")
	// ErrBusy is returned for a child that starts or stops.
	ErrBusy = errors.New("the child is starting or stopping")
	// ErrPresent is returned for a second child of an id.
	ErrPresent = errors.New("there is a child of that id")
	// ErrEnded is returned for a start that was overtaken by a stop of the child.
	ErrEnded = errors.New("the child was stopped before it was ready")
)
