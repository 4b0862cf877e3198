package cli

import (
	"fmt"
	"io"
)

// muchBehind is how many records a stream lags before that is said.
const muchBehind = 5_000

// lag says that a stream that is followed lags, once, and when it does no more.
type lag struct {
	to   io.Writer
	said bool
}

// tell is given how many records the stream is behind; nil is not known.
func (l *lag) tell(behind *uint64) {
	switch {
	case behind == nil:
	case !l.said && *behind >= muchBehind:
		l.said = true
		fmt.Fprintf(l.to, "… %s behind the node\n", count(*behind, "record"))
	case l.said && *behind == 0:
		l.said = false
		fmt.Fprintln(l.to, "… caught up with the node")
	}
}
