package cli_test

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/theater-go/theater/cli"
)

func TestTheGraceOfActorsIsWaitedForBesideTheTimeOfTheCommand(t *testing.T) {
	dir, err := os.MkdirTemp("", "g") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	given := make(chan string, 1)
	refuses := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given <- r.Header.Get("Connect-Timeout-Ms")
		w.WriteHeader(http.StatusNotFound)
	})}
	var over sync.WaitGroup
	over.Go(func() { _ = refuses.Serve(l) })
	defer over.Wait()
	defer refuses.Close()
	for _, c := range []struct {
		args []string
		want time.Duration
	}{
		{[]string{"stop", "/a"}, 30 * time.Second},
		{[]string{"stop", "/a", "--grace", "1m"}, 90 * time.Second},
		{[]string{"stop", "/a", "--grace", "1m", "--timeout", "10s"}, 10 * time.Second},
		{[]string{"node", "shutdown", "--grace", "2m"}, 150 * time.Second},
	} {
		cli.Run(context.Background(), append(c.args, "--address", "unix:"+l.Addr().String()), cli.Console{Out: new(bytes.Buffer), Err: new(bytes.Buffer)})
		ms, err := strconv.Atoi(<-given)
		if got := time.Duration(ms) * time.Millisecond; err != nil || got > c.want || got < c.want-5*time.Second {
			t.Errorf("%v has %s, want %s", c.args, got, c.want)
		}
	}
}
