package actors

import "sync"

// ticket waits for the log to acknowledge a record. complete is handed to the
// committer; what is registered with then runs once, on whichever goroutine
// comes last, and must not wait.
type ticket struct {
	mu    sync.Mutex
	done  bool          // guarded by mu
	err   error         // guarded by mu
	after []func(error) // guarded by mu
}

func (t *ticket) complete(err error) {
	t.mu.Lock()
	t.done, t.err = true, err
	after := t.after
	t.after = nil
	t.mu.Unlock()
	for _, f := range after {
		f(err)
	}
}

func (t *ticket) then(f func(error)) {
	t.mu.Lock()
	if !t.done {
		t.after = append(t.after, f)
		t.mu.Unlock()
		return
	}
	err := t.err
	t.mu.Unlock()
	f(err)
}
