package chain

import "fmt"

// Status is what an actor is doing, as far as its chain tells.
type Status uint8

// The statuses of an actor.
const (
	StatusRunning Status = iota
	StatusSuspended
	StatusStopped // final
)

func (s Status) String() string {
	return name([]string{"running", "suspended", "stopped"}, int(s))
}

// Summary is what is known of an actor without reading its chain: the fold of
// Apply over its records. Times are unix nanoseconds.
type Summary struct {
	ID                     ID
	Name, Path             string
	Parent                 Ref
	Module, Manifest       Hash
	InitialState, Children Hash
	Status                 Status
	Reason                 string // of the last lifecycle event that changed Status
	Created, Updated       int64
	Records, Events        uint64
	Head                   Hash   // of record Records-1
	Folder                 string // the genesis's
	// Checkpoints are the newest two since the module is what it is, the newest
	// first. Zero is none.
	Checkpoints [2]Marker
}

// Marker is a checkpoint: the record in which its event stands, which is not 0,
// and the blob that the event names.
type Marker struct {
	Record uint64
	Sum    Hash
}

// IsZero reports whether m is none.
func (m Marker) IsZero() bool { return m == Marker{} }

// Apply folds the next record in.
func (s *Summary) Apply(r Record) {
	s.ID, s.Head = r.Actor, r.Hash
	s.Records = r.Number + 1
	s.Events += uint64(len(r.Events))
	for _, e := range r.Events {
		s.event(e)
	}
}

// ApplyDraft folds the next record in, which was sealed.
func (s *Summary) ApplyDraft(d *Draft) {
	s.ID, s.Head = d.stored.Actor, d.stored.Hash
	s.Records = d.stored.Number + 1
	s.Events += uint64(d.count)
	s.touch(d.updated)
	for _, e := range d.changes {
		s.event(e)
	}
}

func (s *Summary) event(e Event) {
	switch e := e.(type) {
	case *Genesis:
		s.Name, s.Path, s.Parent = e.Name, e.Path, e.Parent
		s.Module, s.Manifest, s.InitialState, s.Children = e.Module, e.Manifest, e.InitialState, e.Children
		s.Created, s.Folder = e.Time, e.Folder
		s.touch(e.Time)
	case *Call:
		s.touch(e.Time)
	case *Outcome:
		s.touch(e.Time)
	case *Lifecycle:
		s.applyLifecycle(e)
		s.touch(e.Time)
	}
}

func (s *Summary) touch(t int64) { s.Updated = max(s.Updated, t) }

func (s *Summary) applyLifecycle(e *Lifecycle) {
	switch e.What {
	case LifecycleRestart, LifecycleResumed:
		s.Status, s.Reason = StatusRunning, ""
	case LifecycleSuspended:
		s.Status, s.Reason = StatusSuspended, e.Reason
	case LifecycleStopped:
		s.Status, s.Reason = StatusStopped, e.Reason
	case LifecycleCheckpoint:
		if at := s.Records - 1; at > 0 {
			s.Checkpoints = [2]Marker{{at, e.Sum}, s.Checkpoints[0]}
		}
	case LifecycleUpgrade:
		s.Module, s.Manifest, s.Checkpoints = e.Sum, e.Manifest, [2]Marker{}
	}
}

// Append appends the kept form of s to dst.
func (s *Summary) Append(dst []byte) []byte {
	dst = append(dst, s.ID[:]...)
	dst = appendString(dst, s.Name)
	dst = appendString(dst, s.Path)
	dst = appendRef(dst, &s.Parent)
	dst = append(dst, s.Module[:]...)
	dst = append(dst, s.Manifest[:]...)
	dst = append(dst, s.InitialState[:]...)
	dst = append(dst, s.Children[:]...)
	dst = append(dst, byte(s.Status))
	dst = appendString(dst, s.Reason)
	dst = appendTime(dst, s.Created)
	dst = appendTime(dst, s.Updated)
	dst = appendUint(dst, s.Records)
	dst = appendUint(dst, s.Events)
	dst = append(dst, s.Head[:]...)
	marked := !s.Checkpoints[0].IsZero()
	if marked || s.Folder != "" {
		dst = appendString(dst, s.Folder)
	}
	if !marked {
		return dst
	}
	for _, m := range s.Checkpoints {
		dst = appendUint(dst, m.Record)
		if m.Record != 0 {
			dst = append(dst, m.Sum[:]...)
		}
	}
	return dst
}

// DecodeSummary reads what Append wrote, all of b and nothing else.
func DecodeSummary(b []byte) (Summary, error) {
	d := decoder{b: b}
	var s Summary
	copy(s.ID[:], d.take(16))
	s.Name, s.Path, s.Parent = d.string(), d.string(), d.anyRef()
	s.Module, s.Manifest, s.InitialState, s.Children = d.hash(), d.hash(), d.hash(), d.hash()
	s.Status = Status(d.status(uint8(StatusStopped)))
	s.Reason, s.Created, s.Updated = d.string(), d.time(), d.time()
	s.Records, s.Events, s.Head = d.uint(), d.uint(), d.hash()
	if len(d.b) > 0 {
		s.Folder = d.string()
		if s.Folder == "" || len(d.b) > 0 {
			s.Checkpoints = [2]Marker{d.marker(), d.marker()}
			d.nonZero(!s.Checkpoints[0].IsZero())
		}
	}
	if d.problem != "" || len(d.b) > 0 {
		return Summary{}, fmt.Errorf("summary: %s: %w", d.problem, ErrCorrupt)
	}
	return s, nil
}

func (d *decoder) marker() (m Marker) {
	if m.Record = d.uint(); m.Record != 0 {
		m.Sum = d.hash()
	}
	return m
}
