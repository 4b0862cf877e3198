package supervision_test

import (
	"slices"
	"time"

	"github.com/theater-go/theater/supervision"
)

// do gives a command, and all that follows of it but what waits.
func (m *model) do(c command) {
	above, id := split(c.path)
	b := m.find(above)
	if b == nil {
		panic("there is no supervisor " + above)
	}
	h := b.hand(id)
	switch c.verb {
	case "bad":
		m.bad[c.path] = c.bad()
	case "fail", "exit":
		m.say("-", h)
		m.ended(h, c.exit())
	case "failing":
		if h != nil && h.status == supervision.StatusRunning {
			m.stop(h, m.now, time.Time{})
			m.ended(h, c.exit())
		}
	case "add":
		m.add(b, c.kids[0])
	case "terminate":
		m.terminate(h)
	case "restart":
		m.restart(h)
	case "forget":
		m.forget(h)
	case "stop":
		by := time.Time{}
		if c.arg == "cut" {
			by = m.now
		}
		m.sweep(b, m.now, by)
		m.over = "shutdown"
	}
}

func (m *model) add(b *boss, k kid) {
	if b.hand(k.id) != nil {
		m.answer(supervision.ErrPresent)
		return
	}
	h := &hand{kid: k, of: b, path: join(b.path, k.id), asked: true}
	b.hands = append(b.hands, h)
	if exit := m.start(h); exit != nil {
		b.hands = b.hands[:len(b.hands)-1]
	}
}

func (m *model) terminate(h *hand) {
	if h == nil {
		m.answer(supervision.ErrNoChild)
		return
	}
	m.unwait(h)
	m.stop(h, m.now, time.Time{})
	m.leave(h)
	m.answer(nil)
	m.tell(h, supervision.ErrEnded)
}

func (m *model) restart(h *hand) {
	switch {
	case h == nil:
		m.answer(supervision.ErrNoChild)
		return
	case h.asked:
		m.answer(supervision.ErrBusy)
		return
	}
	h.asked = true
	switch h.status {
	case supervision.StatusWaiting:
		m.release(h.wait)
	case supervision.StatusRunning:
		m.regroup(h, []*hand{h}, m.now)
	case supervision.StatusEnded:
		h.restarts++
		if exit := m.start(h); exit != nil {
			m.leave(h)
		}
	}
}

func (m *model) forget(h *hand) {
	switch {
	case h == nil:
		m.answer(supervision.ErrNoChild)
	case h.status == supervision.StatusRunning:
		m.answer(supervision.ErrRunning)
	case h.status == supervision.StatusWaiting:
		m.answer(supervision.ErrBusy)
	default:
		h.of.hands = slices.DeleteFunc(h.of.hands, func(other *hand) bool { return other == h })
		m.answer(nil)
	}
}
