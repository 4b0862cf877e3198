package observe

import (
	"cmp"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/theater-go/theater/actors"
)

// What is always shown, also while there is none of it.
var (
	statuses = []actors.Status{actors.StatusStarting, actors.StatusRunning, actors.StatusRestarting, actors.StatusStopping}
	failures = []actors.Reason{actors.ReasonTrap, actors.ReasonError, actors.ReasonLimit, actors.ReasonKilled, actors.ReasonInterrupted}
	ends     = []actors.Reason{
		actors.ReasonNormal, actors.ReasonShutdown, actors.ReasonKilled, actors.ReasonTrap, actors.ReasonError, actors.ReasonLimit,
		actors.ReasonInitFailed, actors.ReasonChildren, actors.ReasonInterrupted, actors.ReasonSuspended,
	}
)

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("theater_"+name, help, labels, nil)
}

var (
	descActors   = describe("actors", "Actors that live, by status.", "status")
	descSpawned  = describe("actors_spawned_total", "New actors.")
	descResumed  = describe("actors_resumed_total", "Actors of the log that went on.")
	descEnded    = describe("actors_ended_total", "Actors that have ended, by reason; suspended ones come back.", "reason")
	descRestarts = describe("actor_restarts_total", "Restarts of actors by their supervisors.")
	descKept     = describe("checkpoints_total", "Checkpoints of actors that were taken.")
	descReplayed = describe("turns_replayed_total", "Turns of chains that were executed again to bring actors back.")
	descTurns    = describe("turns_total", "Turns that were closed: ok, or why they failed.", "result")
	descFuel     = describe("fuel_total", "Fuel that guests have spent in turns.")
	descMessages = describe("mailbox_messages", "Messages that wait in the mailboxes of all actors.")
	descBytes    = describe("mailbox_bytes", "Bytes of the messages that wait.")
	descDropped  = describe("messages_dropped_total", "Messages that were taken and not handled, or not to a good end.")

	descMemory = describe("guest_memory_bytes", "Linear memory of all actors.")
	descBudget = describe("guest_memory_budget_bytes", "Linear memory that all actors together may have; 0 is no bound.")

	descRecords = describe("log_records_total", "Records that the log has acknowledged.")
	descLogged  = describe("log_bytes_total", "Bytes of records and blobs that the log has acknowledged, before compression.")
	descCommits = describe("log_commits_total", "Commits of the log, of many records each.")
	descCommit  = describe("log_commit_seconds_total", "Time that the commits of the log took together.")
	descStopped = describe("log_stopped", "1 when the log takes no more records, else 0.")

	descFree   = describe("disk_free_bytes", "Bytes that are free on the disk of the data folder.")
	descNeeded = describe("disk_needed_bytes", "Bytes that must be free there: with fewer no turn begins.")

	descRecovered = describe("recovery_actors", "Actors that the node is to bring back: those that are back, that failed, that had ended, and that wait.", "result")
	descRecovery  = describe("recovery_seconds", "Time that the recovery took, or has taken so far.")
	descReady     = describe("node_ready", "1 when the node takes requests, else 0.")
	descBuild     = describe("build_info", "The program that runs; always 1.", "version", "revision", "go")
)

// collector asks for totals with each scrape.
type collector struct{ Config }

var _ prometheus.Collector = collector{}

// Describe implements prometheus.Collector.
func (c collector) Describe(to chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, to) }

// Collect implements prometheus.Collector.
func (c collector) Collect(to chan<- prometheus.Metric) {
	s := scrape{to}
	s.gauge(descBuild, 1, cmp.Or(c.Build.Version, "unknown"), c.Build.Revision, c.Build.Go)
	if c.Ready != nil {
		s.gauge(descReady, one(c.Ready()))
	}
	if c.Memory != nil {
		used, budget := c.Memory()
		s.gauge(descMemory, float64(used))
		s.gauge(descBudget, float64(budget))
	}
	if c.Actors != nil {
		s.actors(c.Actors())
	}
	if c.Log != nil {
		s.log(c.Log())
	}
	if c.Disk != nil {
		free, needed := c.Disk()
		s.gauge(descFree, float64(free))
		s.gauge(descNeeded, float64(needed))
	}
	if c.Recovery != nil {
		s.recovery(c.Recovery())
	}
}

// scrape is where the metrics of one scrape go.
type scrape struct{ to chan<- prometheus.Metric }

func (s scrape) gauge(d *prometheus.Desc, v float64, labels ...string) {
	s.to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func (s scrape) counter(d *prometheus.Desc, v float64, labels ...string) {
	s.to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
}

func (s scrape) actors(a actors.Stats) {
	for _, status := range statuses {
		s.gauge(descActors, float64(a.Actors[status]), string(status))
	}
	s.counter(descSpawned, float64(a.Spawned))
	s.counter(descResumed, float64(a.Resumed))
	s.reasons(descEnded, a.Ended, ends)
	s.counter(descRestarts, float64(a.Restarts))
	s.counter(descKept, float64(a.Checkpoints))
	s.counter(descReplayed, float64(a.Replayed))
	ok := a.Turns
	for _, n := range a.Failed {
		ok -= n
	}
	s.counter(descTurns, float64(max(ok, 0)), "ok")
	s.reasons(descTurns, a.Failed, failures)
	s.counter(descFuel, float64(a.Fuel))
	s.gauge(descMessages, float64(a.Mailbox))
	s.gauge(descBytes, float64(a.MailboxBytes))
	s.counter(descDropped, float64(a.Dropped))
}

// reasons shows a count for each reason, those that are always shown first.
func (s scrape) reasons(d *prometheus.Desc, counts map[actors.Reason]int64, always []actors.Reason) {
	shown := map[actors.Reason]bool{}
	for _, reason := range always {
		shown[reason] = true
		s.counter(d, float64(counts[reason]), string(reason))
	}
	for reason, n := range counts {
		if !shown[reason] {
			s.counter(d, float64(n), string(reason))
		}
	}
}

func (s scrape) log(l Log) {
	s.counter(descRecords, float64(l.Records))
	s.counter(descLogged, float64(l.Bytes))
	s.counter(descCommits, float64(l.Commits))
	s.counter(descCommit, l.CommitTime.Seconds())
	s.gauge(descStopped, one(l.Stopped))
}

func (s scrape) recovery(r Recovery) {
	s.gauge(descRecovered, float64(r.Done), "done")
	s.gauge(descRecovered, float64(r.Failed), "failed")
	s.gauge(descRecovered, float64(r.Ended), "ended")
	s.gauge(descRecovered, float64(max(r.Total-r.Done-r.Failed-r.Ended, 0)), "waiting")
	s.gauge(descRecovery, r.Took.Seconds())
}

func one(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
