package supervision_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/theater-go/theater/supervision"
)

// model says what becomes of a tree, written as OTP's own supervisor is: one thing
// after the other, each to its end, with calls where processes have messages.
type model struct {
	now     time.Time
	bad     map[string]bad
	top     *boss
	waits   []*wait // in the order in which they end
	log     []string
	answers []string
	over    string
}

// boss is a supervisor of a model.
type boss struct {
	plan
	path  string
	as    *hand // nil at the top
	hands []*hand
	at    []time.Time // of restarts
	over  bool
}

// hand is a child of a model.
type hand struct {
	kid
	of       *boss
	path     string
	status   supervision.Status // running, waiting or ended
	restarts int
	streak   int
	since    time.Time // zero where the last start failed
	below    *boss     // of a supervisor that runs
	wait     *wait
	asked    bool // somebody waits for its start
	final    bool // its fellows do not bring it back
}

// wait is a group of hands that start at a time.
type wait struct {
	at    time.Time
	hands []*hand
}

func newModel() *model { return &model{now: epoch, bad: map[string]bad{}} }

func (m *model) begin(p *plan) {
	m.top = &boss{plan: *p}
	if exit := m.raise(m.top); exit != nil {
		m.over = verdict(*exit)
		m.answer(exit.Err)
		return
	}
	m.answer(nil)
}

func (m *model) answer(err error) { m.answers = append(m.answers, answer(err)) }

func (m *model) say(mark string, h *hand) { m.log = append(m.log, mark+h.path) }

// raise starts the first children of a supervisor. If one does not start, it ends
// with the exit.
func (m *model) raise(b *boss) *supervision.Exit {
	for _, k := range b.kids {
		b.hands = append(b.hands, &hand{kid: k, of: b, path: join(b.path, k.id), status: supervision.StatusWaiting})
	}
	for _, h := range b.hands {
		if exit := m.start(h); exit != nil {
			h.status = supervision.StatusEnded
			m.sweep(b, m.now, time.Time{})
			return &supervision.Exit{Reason: supervision.ReasonInitFailed, Err: stillborn(h, *exit)}
		}
	}
	return nil
}

func stillborn(h *hand, exit supervision.Exit) error {
	return &supervision.ChildError{Child: h.id, Exit: exit, What: "did not start"}
}

// start starts a child. If it does not, it has ended with the exit.
func (m *model) start(h *hand) *supervision.Exit {
	h.since, h.final = time.Time{}, false
	var exit *supervision.Exit
	if h.under != nil {
		h.below = &boss{plan: *h.under, path: h.path, as: h}
		if exit = m.raise(h.below); exit != nil {
			h.below = nil
		}
	} else {
		m.say("+", h)
		if b := m.bad[h.path]; b.times > 0 {
			m.bad[h.path] = bad{b.times - 1, b.exit}
			m.say("-", h)
			exit = &b.exit
		}
	}
	switch {
	case exit == nil:
		h.status, h.since = supervision.StatusRunning, m.now
		m.tell(h, nil)
	default:
		m.tell(h, stillborn(h, *exit))
	}
	return exit
}

func (m *model) tell(h *hand, err error) {
	if h.asked {
		h.asked = false
		m.answer(err)
	}
}

// stop stops a child that runs. The stop that it belongs to began at since; what
// is above it is cut off at the time by, if that is not zero.
func (m *model) stop(h *hand, since, by time.Time) {
	if h.status != supervision.StatusRunning {
		return
	}
	if !h.shutdown.Infinite {
		if own := since.Add(h.shutdown.Time); by.IsZero() || own.Before(by) {
			by = own
		}
	}
	h.status = supervision.StatusEnded
	if h.under != nil {
		m.sweep(h.below, since, by)
		h.below = nil
		return
	}
	if h.deaf {
		m.say("~", h)
		if by.After(m.now) {
			m.now = by
		}
	}
	m.say("-", h)
}

// sweep stops the children of a supervisor, the last one first.
func (m *model) sweep(b *boss, since, by time.Time) {
	b.over = true
	for _, h := range slices.Backward(b.hands) {
		m.unwait(h)
		m.stop(h, since, by)
		m.tell(h, supervision.ErrStopping)
	}
	b.hands = nil
}

// ended applies the rules to a child that has ended by itself, or did not start
// again, and before the rest of its group.
func (m *model) ended(h *hand, exit supervision.Exit, rest ...*hand) {
	b := h.of
	h.status = supervision.StatusEnded
	ready := !h.since.IsZero()
	if reset := b.spec.Backoff.Reset; reset > 0 && ready && m.now.Sub(h.since) >= reset {
		h.streak = 0
	}
	if h.restart == supervision.Temporary || h.restart == supervision.Transient && ready && !exit.Failed() || exit.Reason == supervision.ReasonInterrupted {
		h.final = exit.Reason == supervision.ReasonInterrupted
		m.leave(h)
		if h.significant && !(b.spec.AutoShutdown == supervision.AllSignificant && slices.ContainsFunc(b.hands, significant)) {
			m.giveUp(b, supervision.Exit{Reason: supervision.ReasonShutdown})
			return
		}
		m.rise(rest)
		return
	}
	b.at = slices.DeleteFunc(b.at, func(at time.Time) bool { return at.Add(b.spec.Period).Before(m.now) })
	if b.at = append(b.at, m.now); len(b.at) > b.spec.MaxRestarts {
		m.giveUp(b, supervision.Exit{Reason: supervision.ReasonChildren, Err: &supervision.ChildError{Child: h.id, Exit: exit}})
		return
	}
	h.streak++
	group := m.affected(h)
	for _, other := range rest {
		if !slices.Contains(group, other) {
			group = append(group, other)
		}
	}
	m.regroup(h, group, m.now.Add(m.backoff(b, h.streak)))
}

func significant(h *hand) bool {
	return h.significant && h.status != supervision.StatusEnded
}

func (m *model) backoff(b *boss, streak int) time.Duration {
	d := b.spec.Backoff.Initial
	for range streak - 1 {
		d *= 2
	}
	if limit := b.spec.Backoff.Cap; limit > 0 {
		d = min(d, limit)
	}
	return d
}

// affected are the children that go down with h, and h.
func (m *model) affected(h *hand) []*hand {
	all := h.of.hands
	switch i := slices.Index(all, h); h.of.spec.Strategy {
	case supervision.OneForAll:
		return slices.Clone(all)
	case supervision.RestForOne:
		return slices.Clone(all[i:])
	case next{}:
		return slices.Clone(all[i:min(i+2, len(all))])
	default:
		return []*hand{h}
	}
}

// regroup stops hands and starts them again, not before a time. Groups that wait
// and meet become one.
func (m *model) regroup(h *hand, group []*hand, at time.Time) {
	for _, other := range slices.Clone(group) {
		if w := other.wait; w != nil {
			if w.at.After(at) {
				at = w.at
			}
			for _, fellow := range slices.Clone(w.hands) {
				m.unwait(fellow)
				if !slices.Contains(group, fellow) {
					group = append(group, fellow)
				}
			}
		}
	}
	order := func(h *hand) int { return slices.Index(h.of.hands, h) }
	slices.SortFunc(group, func(a, b *hand) int { return order(a) - order(b) })
	since := m.now
	for _, other := range slices.Backward(group) {
		m.stop(other, since, time.Time{})
	}
	group = slices.DeleteFunc(group, func(other *hand) bool {
		if other.restart == supervision.Temporary && other != h {
			m.leave(other)
			return true
		}
		if other.final && other != h {
			return true
		}
		other.status = supervision.StatusWaiting
		return false
	})
	if !at.After(since) {
		m.rise(group)
		return
	}
	w := &wait{at: at, hands: group}
	i := 0
	for i < len(m.waits) && !m.waits[i].at.After(at) {
		i++
	}
	m.waits = slices.Insert(m.waits, i, w)
	for _, other := range group {
		other.wait = w
	}
}

// unwait takes a child out of the group with which it waits.
func (m *model) unwait(h *hand) {
	w := h.wait
	if w == nil {
		return
	}
	h.wait = nil
	w.hands = slices.DeleteFunc(w.hands, func(other *hand) bool { return other == h })
	if len(w.hands) == 0 {
		m.waits = slices.DeleteFunc(m.waits, func(other *wait) bool { return other == w })
	}
}

// rise starts a group, up to one that does not start.
func (m *model) rise(group []*hand) {
	for i, h := range group {
		h.restarts++
		if exit := m.start(h); exit != nil {
			m.ended(h, *exit, group[i+1:]...)
			return
		}
	}
}

// leave is the end of a child: its spec stays unless it is temporary or dynamic.
func (m *model) leave(h *hand) {
	h.status = supervision.StatusEnded
	if h.restart == supervision.Temporary || h.dynamic {
		h.of.hands = slices.DeleteFunc(h.of.hands, func(other *hand) bool { return other == h })
	}
}

// giveUp is the end of a supervisor by itself.
func (m *model) giveUp(b *boss, exit supervision.Exit) {
	m.sweep(b, m.now, time.Time{})
	if b.as == nil {
		m.over = verdict(exit)
		return
	}
	b.as.below = nil
	m.ended(b.as, exit)
}

// fire starts the next group that is due until end, and reports whether there was
// one.
func (m *model) fire(end time.Time) bool {
	if len(m.waits) == 0 || m.waits[0].at.After(end) {
		m.now = end
		return false
	}
	w := m.waits[0]
	if w.at.After(m.now) {
		m.now = w.at
	}
	m.release(w)
	return true
}

func (m *model) release(w *wait) {
	group := slices.Clone(w.hands)
	for _, h := range group {
		m.unwait(h)
	}
	m.rise(group)
}

func (b *boss) hand(id string) *hand {
	for _, h := range b.hands {
		if h.id == id {
			return h
		}
	}
	return nil
}

func (m *model) find(path string) *boss {
	b := m.top
	for id := range strings.SplitSeq(path, "/") {
		if path == "" {
			return b
		}
		h := b.hand(id)
		if h == nil || h.below == nil {
			return nil
		}
		b = h.below
	}
	return b
}

// each calls f for all supervisors.
func (m *model) each(f func(*boss)) {
	var below func(b *boss)
	below = func(b *boss) {
		f(b)
		for _, h := range b.hands {
			if h.below != nil {
				below(h.below)
			}
		}
	}
	below(m.top)
}

func (m *model) tree() string { return m.top.show() }

func (b *boss) show() string {
	var words []string
	for _, h := range b.hands {
		word := h.id
		if h.below != nil {
			word += "(" + h.below.show() + ")"
		}
		if h.status != supervision.StatusRunning {
			word += ":" + string(h.status)
		}
		if h.restarts > 0 {
			word += fmt.Sprintf("#%d", h.restarts)
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}
