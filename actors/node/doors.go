package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"time"
)

// door is a listener with the server behind it.
type door struct {
	listener net.Listener
	server   *http.Server
	address  string // as clients name it
	plain    bool   // it has the probes alone
}

// listen opens the doors that the settings name.
func (d *daemon) listen(ctx context.Context) error {
	if err := d.makeServer(); err != nil {
		return err
	}
	path, err := filepath.Abs(d.Socket)
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	s, err := listenSocket(path)
	if err != nil {
		return err
	}
	d.socket = s
	d.doors = append(d.doors, &door{listener: s, server: d.socketServer(), address: "unix:" + s.path})
	if d.Listen != Off {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", d.Listen)
		if err != nil {
			return fmt.Errorf("listen: %w", err)
		}
		d.doors = append(d.doors, &door{listener: l, server: d.networkServer(), address: "https://" + l.Addr().String()})
	}
	if d.HTTP != Off {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", d.HTTP)
		if err != nil {
			return fmt.Errorf("http: %w", err)
		}
		d.doors = append(d.doors, &door{listener: l, server: d.probeServer(), address: "http://" + l.Addr().String(), plain: true})
	}
	return nil
}

// serve begins to answer at every door.
func (d *daemon) serve() {
	for _, o := range d.doors {
		d.group.Go(func() {
			var err error
			if o.server.TLSConfig != nil {
				err = o.server.ServeTLS(o.listener, "", "")
			} else {
				err = o.server.Serve(o.listener)
			}
			if !closed(err) {
				select {
				case d.broken <- fmt.Errorf("%s: %w", o.address, err):
				default: // another has failed before
				}
			}
		})
	}
}

// When the node ends, answers that are ready may take answerTime to be sent; streams,
// and who waits for what does not come any more, are told then, and may take tellTime.
const (
	answerTime = 200 * time.Millisecond
	tellTime   = time.Second
)

// shut ends the doors.
func (d *daemon) shut() error {
	var errs []error
	d.finish(answerTime)
	if d.server != nil {
		d.server.Close()
	}
	d.finish(tellTime)
	for _, o := range d.doors {
		errs = append(errs, ignoreEnd(o.server.Close()))
		errs = append(errs, ignoreEnd(o.listener.Close())) // which no server has, unless it serves
	}
	return errors.Join(errs...)
}

// finish takes no more requests and waits for a time until those under way are
// answered.
func (d *daemon) finish(limit time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	for _, o := range d.doors {
		_ = o.server.Shutdown(ctx) // what is left is closed
	}
}

func ignoreEnd(err error) error {
	if errors.Is(err, net.ErrClosed) || closed(err) {
		return nil
	}
	return err
}
