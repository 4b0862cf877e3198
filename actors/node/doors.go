package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
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
	s, err := listenSocket(d.Socket)
	if err != nil {
		return err
	}
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

// answerTime is how long answers that are ready may take to be sent when the node
// ends.
const answerTime = time.Second

// shut ends the doors: answers under way are sent first, for a time.
func (d *daemon) shut(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	var errs []error
	for _, o := range d.doors {
		if err := o.server.Shutdown(ctx); err != nil {
			errs = append(errs, ignoreEnd(o.server.Close()))
		}
		errs = append(errs, ignoreEnd(o.listener.Close())) // which no server has, unless it serves
	}
	d.doors = nil
	return errors.Join(errs...)
}

func ignoreEnd(err error) error {
	if errors.Is(err, net.ErrClosed) || closed(err) {
		return nil
	}
	return err
}
