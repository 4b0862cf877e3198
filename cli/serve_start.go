package cli

import "sync"

// showStart shows on a terminal what a node does before it is ready. tell says what
// that is and does not wait; over ends it, and may be called twice.
func (p *program) showStart() (tell func(step string), over func()) {
	newest, ended := make(chan string, 1), make(chan struct{})
	var shown sync.WaitGroup
	shown.Go(func() {
		_ = p.err.during("starting the node", quietStart, func(next func(string)) error {
			for {
				select {
				case step := <-newest:
					next(escape(step))
				case <-ended:
					return nil
				}
			}
		})
	})
	tell = func(step string) {
		select {
		case <-newest: // nobody has seen it, and it is old
		default:
		}
		select {
		case newest <- step:
		default:
		}
	}
	return tell, sync.OnceFunc(func() {
		close(ended)
		shown.Wait()
	})
}
