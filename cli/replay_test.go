package cli_test

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/theater-go/theater/cli"
)

func TestTheProgressOfAReplayIsDrawnOnATerminalAndWipedAway(t *testing.T) {
	for name, c := range map[string]struct {
		terminal bool
		each     time.Duration
		drawn    int
		last     string
	}{
		"on a terminal":              {terminal: true, each: 50 * time.Millisecond, drawn: 14, last: "replaying /counter, record 40 of 40 … 2s"},
		"of a quick one":             {terminal: true, each: time.Millisecond},
		"where there is no terminal": {each: 50 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer
				cli.ReplayProgress(&out, c.terminal, 40, c.each)
				drawn := strings.Split(out.String(), "\r\x1b[2K")
				if c.drawn == 0 {
					if out.Len() > 0 {
						t.Errorf("it draws %q", out.String())
					}
					return
				}
				if len(drawn)-2 != c.drawn || !strings.HasSuffix(drawn[len(drawn)-2], c.last) || drawn[len(drawn)-1] != "" {
					t.Errorf("it draws %d lines: %q", len(drawn)-2, drawn)
				}
			})
		})
	}
}
