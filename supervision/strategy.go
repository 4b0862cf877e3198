package supervision

import "slices"

// Strategy says who goes down with a child that has ended and is started again. It
// is asked on the supervisor's goroutine, must not wait, and learns of the children
// from the Failure: Children, Stood and Active of the supervisor would never return.
type Strategy interface {
	// Affected names the children that stop, the last one first, and start
	// again, the first one first. The child that ended is always one of them.
	Affected(f Failure) []string
}

// Failure is the end of a child that a Strategy decides on.
type Failure struct {
	Child string
	Exit  Exit

	children func() []string
}

// Children lists all children of the supervisor, in the order in which they
// start.
func (f Failure) Children() []string { return f.children() }

// The strategies of OTP.
var (
	OneForOne  Strategy = oneForOne{}  // the child alone
	OneForAll  Strategy = oneForAll{}  // all children
	RestForOne Strategy = restForOne{} // the child and those that were started after it
)

type oneForOne struct{}

func (oneForOne) Affected(Failure) []string { return nil }

type oneForAll struct{}

func (oneForAll) Affected(f Failure) []string { return f.Children() }

type restForOne struct{}

func (restForOne) Affected(f Failure) []string {
	all := f.Children()
	return all[slices.Index(all, f.Child):]
}
