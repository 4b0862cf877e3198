package supervision_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// stepsPerStage times rapid's 100 checks are up to 4,000 steps.
const stepsPerStage = 40

func TestProcessesDoWhatTheModelSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawing{T: t, waits: true}
		p := d.supervisor(0)
		st, m := newStage(), newModel()
		defer st.close()
		await := func(after string) {
			t.Helper()
			if got, ok := st.await(m.state()); !ok {
				t.Fatalf("after %s it is\n%+v, want\n%+v", after, got, m.state())
			}
		}
		st.begin(p)
		m.begin(p)
		await("begin")
		for range stepsPerStage {
			if m.over != "" {
				break
			}
			c := d.command(m.sight())
			if c.verb == "advance" {
				end := m.now.Add(must(time.ParseDuration(c.arg)))
				for more := true; more; {
					more = m.fire(end)
					st.clock.fire(end)
					await(c.String())
				}
				continue
			}
			m.do(c)
			st.do(c)
			await(c.String())
		}
	})
}
