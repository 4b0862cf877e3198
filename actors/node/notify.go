package node

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	systemd "github.com/coreos/go-systemd/v22/daemon"
)

// notifier tells the process that has started this one how it goes. Where that is no
// systemd, nothing is told; one that has only waited for the start has gone later.
type notifier struct{ logger *slog.Logger }

func (n notifier) tell(format string, args ...any) {
	if _, err := systemd.SdNotify(false, fmt.Sprintf(format, args...)); err != nil {
		n.logger.Debug("who has started the node is not told", "error", err)
	}
}

func (n notifier) status(text string) { n.tell("STATUS=%s", text) }
func (n notifier) ready(text string)  { n.tell("%s\nSTATUS=%s", systemd.SdNotifyReady, text) }
func (n notifier) stopping(text string) {
	n.tell("%s\nSTATUS=%s", systemd.SdNotifyStopping, text)
}

// reloading is followed by ready.
func (n notifier) reloading() {
	n.tell("%s\n%s", systemd.SdNotifyReloading, systemd.SdNotifyMonotonicUsec())
}

// longer asks for so much more time before a start or an end counts as failed.
func (n notifier) longer(d time.Duration) { n.tell("EXTEND_TIMEOUT_USEC=%d", d.Microseconds()) }

// runWatchdog says until ctx ends that the process is alive, as long as alive says so.
func (n notifier) runWatchdog(ctx context.Context, alive func() bool) {
	every, err := systemd.SdWatchdogEnabled(false)
	if err != nil || every <= 0 {
		return
	}
	tick := time.NewTicker(every / 2)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if alive() {
				n.tell("%s", systemd.SdNotifyWatchdog)
			}
		case <-ctx.Done():
			return
		}
	}
}
