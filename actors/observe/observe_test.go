package observe_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/observe"
)

// full is the configuration of a node that has done something of everything.
func full() observe.Config {
	return observe.Config{
		Actors: func() actors.Stats {
			return actors.Stats{
				Actors: map[actors.Status]int{actors.StatusRunning: 3}, Mailbox: 4, MailboxBytes: 50,
				Spawned: 6, Resumed: 7, Ended: map[actors.Reason]int64{actors.ReasonTrap: 2, "another": 1}, Restarts: 8,
				Turns: 100, Failed: map[actors.Reason]int64{actors.ReasonTrap: 9, actors.ReasonLimit: 1}, Fuel: 12345, Dropped: 11, Checkpoints: 14, Replayed: 15,
			}
		},
		Memory: func() (int64, int64) { return 65536, 1 << 20 },
		Log: func() observe.Log {
			return observe.Log{Records: 13, Bytes: 1400, Commits: 5, CommitTime: 1500 * time.Millisecond}
		},
		Disk: func() (uint64, uint64) { return 4096, 8192 },
		Recovery: func() observe.Recovery {
			return observe.Recovery{Total: 11, Done: 7, Failed: 1, Ended: 1, Took: 250 * time.Millisecond}
		},
		Ready: func() bool { return true },
		Build: observe.Build{Version: "v1", Revision: "abc", Go: "go1"},
	}
}

// scraped is what a scrape reads.
func scraped(t *testing.T, m *observe.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("the scrape gives %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func TestAScrapeShowsWhatTheNodeHasDone(t *testing.T) {
	m := observe.New(full())
	m.Request("theater.v1.NodeService/Info", "ok", 3*time.Millisecond)
	m.Stream("theater.v1.ActorService/Watch", "cancelled")
	text := scraped(t, m)
	for _, line := range []string{
		`theater_actors{status="running"} 3`, `theater_actors{status="starting"} 0`,
		`theater_actors_spawned_total 6`, `theater_actors_resumed_total 7`,
		`theater_actors_ended_total{reason="trap"} 2`, `theater_actors_ended_total{reason="another"} 1`, `theater_actors_ended_total{reason="normal"} 0`,
		`theater_actor_restarts_total 8`, `theater_checkpoints_total 14`, `theater_turns_replayed_total 15`,
		`theater_turns_total{result="ok"} 90`, `theater_turns_total{result="trap"} 9`, `theater_turns_total{result="limit"} 1`,
		`theater_fuel_total 12345`, `theater_mailbox_messages 4`, `theater_mailbox_bytes 50`, `theater_messages_dropped_total 11`,
		`theater_guest_memory_bytes 65536`, `theater_guest_memory_budget_bytes 1.048576e+06`,
		`theater_log_records_total 13`, `theater_log_bytes_total 1400`, `theater_log_commits_total 5`, `theater_log_commit_seconds_total 1.5`, `theater_log_stopped 0`,
		`theater_disk_free_bytes 4096`, `theater_disk_needed_bytes 8192`,
		`theater_recovery_actors{result="done"} 7`, `theater_recovery_actors{result="failed"} 1`, `theater_recovery_actors{result="ended"} 1`, `theater_recovery_actors{result="waiting"} 2`, `theater_recovery_seconds 0.25`,
		`theater_node_ready 1`, `theater_build_info{go="go1",revision="abc",version="v1"} 1`,
		`theater_api_requests_total{code="ok",method="theater.v1.NodeService/Info"} 1`,
		`theater_api_requests_total{code="cancelled",method="theater.v1.ActorService/Watch"} 1`,
		`theater_api_request_duration_seconds_count{method="theater.v1.NodeService/Info"} 1`,
	} {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("there is no line %s", line)
		}
	}
	if !strings.Contains(text, "\ngo_goroutines ") || strings.Contains(text, `duration_seconds_count{method="theater.v1.ActorService/Watch"}`) {
		t.Errorf("the Go runtime is missing, or a stream has a duration:\n%s", text)
	}
}

func TestTheMetricsAreNamedAsPrometheusWantsThem(t *testing.T) {
	m := observe.New(full())
	m.Request("theater.v1.NodeService/Info", "ok", time.Millisecond)
	problems, err := testutil.GatherAndLint(m.Gatherer())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "theater_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}

func TestWhatANodeDoesNotHaveYetIsNotShown(t *testing.T) {
	if text := scraped(t, observe.New(observe.Config{})); strings.Contains(text, "theater_actors") || !strings.Contains(text, "theater_build_info") {
		t.Errorf("an empty node shows\n%s", text)
	}
}

func TestTwoNodesOfAProcessShareNoMetrics(t *testing.T) {
	a, b := observe.New(full()), observe.New(full())
	a.Request("m", "ok", 0)
	if text := scraped(t, b); strings.Contains(text, "theater_api_requests_total{") {
		t.Error("a request to one is counted for the other")
	}
}
