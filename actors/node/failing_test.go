package node_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/theater-go/theater/actors/node"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
	"github.com/theater-go/theater/wasm/wasmtest"
)

func TestANodeWhoseLogStopsSaysSoAndEnds(t *testing.T) {
	cause := errors.New("the disk is gone")
	settings := settingsOf(short(t))
	settings.Drain = time.Hour // which it does not wait for
	s, _ := begin(t, settings, func(c *node.DaemonConfig) {
		c.Opened(func(n *node.Node) { n.StopLog(cause) })
	})
	if err := s.ended(); !errors.Is(err, node.ErrLogStopped) || !errors.Is(err, cause) {
		t.Errorf("it ends with %v", err)
	}
	if !strings.Contains(s.log.String(), `"level":"ERROR","msg":"node failed"`) {
		t.Errorf("it does not say so:\n%s", s.log)
	}
	next := serve(t, settings)
	next.end()
}

// told is what a supervisor such as systemd hears.
type told struct{ messages chan string }

func supervise(t *testing.T) told {
	t.Helper()
	path := filepath.Join(short(t), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("NOTIFY_SOCKET", path)
	to := told{make(chan string, 1000)}
	over := make(chan struct{})
	go func() {
		defer close(over)
		for buffer := make([]byte, 4096); ; {
			n, err := conn.Read(buffer)
			if err != nil {
				return
			}
			to.messages <- string(buffer[:n])
		}
	}()
	t.Cleanup(func() {
		conn.Close()
		<-over
	})
	return to
}

// hears waits for a message with a text.
func (o told) hears(t *testing.T, text string) {
	t.Helper()
	for {
		select {
		case m := <-o.messages:
			if strings.Contains(m, text) {
				return
			}
		case <-time.After(patience):
			t.Fatalf("nothing with %q is told", text)
		}
	}
}

func TestASupervisorIsToldOfStartReloadAndEnd(t *testing.T) {
	o := supervise(t)
	t.Setenv("WATCHDOG_USEC", "20000")
	s := serve(t, settingsOf(short(t)))
	o.hears(t, "STATUS=opening the data folder")
	o.hears(t, "READY=1\nSTATUS=ready, 0 actors")
	o.hears(t, "WATCHDOG=1")
	s.hangup <- os.Interrupt // any element will do
	o.hears(t, "RELOADING=1\nMONOTONIC_USEC=")
	o.hears(t, "READY=1\nSTATUS=ready")
	s.end()
	o.hears(t, "STOPPING=1")
}

func TestAReloadDoesNotMakeANodeReady(t *testing.T) {
	o := supervise(t)
	settings := settingsOf(short(t))
	slow := wasmtest.Guest{Init: wasmtest.Sleep(200*time.Millisecond, wasmtest.Keep())}
	settings.Spawn = []string{folder(t, "slow", slow, "")}
	s, ready := begin(t, settings)
	s.hangup <- os.Interrupt
	for told := ""; !strings.Contains(told, "READY=1"); {
		select {
		case told = <-o.messages:
		case <-time.After(patience):
			t.Fatal("it is never ready")
		}
		if strings.Contains(told, "RELOADING") || strings.Contains(told, "READY=1") && !strings.Contains(told, "ready, 1 actor") {
			t.Errorf("before it is ready it tells %q", told)
		}
	}
	<-ready
	if !strings.Contains(s.log.String(), "there are no certificates to read again") {
		t.Error("the reload is not logged")
	}
	s.end()
}

func TestTheWatchdogIsNotToldWhileTheNodeIsNotAlive(t *testing.T) {
	o := supervise(t)
	t.Setenv("WATCHDOG_USEC", "2000")
	ctx, cancel := context.WithCancel(t.Context())
	var asked atomic.Int32
	over := make(chan struct{})
	go func() {
		defer close(over)
		node.Watchdog(ctx, func() bool { return asked.Add(1) > 10 })
	}()
	o.hears(t, "WATCHDOG=1")
	if asked.Load() <= 10 {
		t.Errorf("it is told after %d looks", asked.Load())
	}
	cancel()
	<-over
}

func TestANodeThatIsEndedWhileItRecoversEnds(t *testing.T) {
	settings := settingsOf(short(t))
	first := serve(t, settings)
	for _, name := range []string{"a", "b", "c"} {
		first.spawn(counter(t, name))
	}
	first.end()
	s, _ := begin(t, settings)
	s.stop()
	if err := s.ended(); err != nil {
		t.Errorf("it ends with %v", err)
	}
	again := serve(t, settings)
	if again.ready.Resumed != 3 {
		t.Errorf("of three %d are back: %+v", again.ready.Resumed, again.ready.Left)
	}
	if _, err := again.Node.Health(t.Context(), &theaterv1.HealthRequest{}); err != nil {
		t.Error(err)
	}
	again.end()
}
