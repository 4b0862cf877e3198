package cli_test

import (
	"errors"
	"log/slog"
	"slices"
	"testing"

	"github.com/theater-go/theater/cli"
)

func TestErrorsThatTheNodeLogsAreNews(t *testing.T) {
	got := cli.Journal(func(log *slog.Logger) {
		log.Warn("it is slow")
		log.With("actor", "/shop", "id", 7).Error("a turn failed", "error", errors.New("no \x1b thanks"))
		log.With("actor", "/shop").With("in", "Started").Error("panicked", "panic", "oh")
		log.Error("the disk is full")
	})
	want := []string{`error /shop: a turn failed: no \x1b thanks`, "error /shop: panicked, in Started, panic oh", "error the disk is full"}
	if !slices.Equal(got, want) {
		t.Errorf("there is told %q", got)
	}
}
