package node_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/theater-go/theater/actors/node"
)

// atSocket asks a probe at the socket of a node.
func atSocket(t *testing.T, socket, path string) string {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}}
	r, err := client.Get("http://node" + path)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	return string(text)
}

func TestARecoveryTellsHowFarItIs(t *testing.T) {
	settings := settingsOf(short(t))
	first := serve(t, settings)
	for _, name := range []string{"a", "b", "c"} {
		first.spawn(counter(t, name))
	}
	first.end()

	var steps, probed []string
	var passed atomic.Int64
	begun := time.Now()
	s, ready := begin(t, settings, func(c *node.DaemonConfig) {
		c.Now = func() time.Time { return begun.Add(time.Duration(passed.Add(1)) * time.Second) } // so that every step is told
		c.Starting = func(step string) {
			steps = append(steps, step)
			if !strings.HasPrefix(step, "recovering") {
				return
			}
			text := atSocket(t, settings.Socket, "/readyz")
			var said struct{ Done, Total json.Number }
			if err := json.Unmarshal([]byte(text), &said); err != nil || !strings.Contains(text, `"recovering"`) {
				t.Errorf("it answers %s, %v", text, err)
			}
			probed = append(probed, "recovering the actors, "+said.Done.String()+" of "+said.Total.String())
		}
	})
	if r := <-ready; r.Done != 3 {
		t.Errorf("the recovery was %+v", r.Recovery)
	}
	s.end()
	told := strings.Join(steps, "\n")
	const want = "opening the data folder\nrecovering the actors, 0 of 3\nrecovering the actors, 1 of 3\nrecovering the actors, 2 of 3\nrecovering the actors, 3 of 3"
	if !strings.HasPrefix(told, want) {
		t.Errorf("it tells\n%s\nwant\n%s", told, want)
	}
	if got := strings.Join(probed, "\n"); "opening the data folder\n"+got != told {
		t.Errorf("/readyz says\n%s\nwant\n%s", got, told)
	}
}
