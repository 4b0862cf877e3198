package cli

import (
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// actorDocument is all there is to see of a live actor, in JSON. Lists are never
// null; what is not known is left out.
type actorDocument struct {
	liveActor
	Version     string          `json:"version"`
	Folder      string          `json:"folder,omitempty"` // that references of the guest resolve in
	Supervision supervisionJSON `json:"supervision"`
	RestartLog  []restartJSON   `json:"restart_log"`    // the newest first
	Turn        *openTurnJSON   `json:"turn,omitempty"` // that runs
	LastTurns   []turnJSON      `json:"last_turns"`     // the newest first
	Grants      []grantJSON     `json:"grants"`
	Limits      []limitJSON     `json:"limits"`
	Chain       headJSON        `json:"chain"`
	WaitsFor    []string        `json:"waits_for"` // paths
	Children    []liveActor     `json:"children"`
	Manifest    string          `json:"manifest"` // TOML
}

// supervisionJSON is how the actor is treated, and how it treats its children.
type supervisionJSON struct {
	Supervisor    string `json:"supervisor,omitempty"` // its path; left out for the node itself
	Restart       string `json:"restart,omitempty"`
	Shutdown      string `json:"shutdown,omitempty"`
	Significant   bool   `json:"significant"`
	Strategy      string `json:"strategy"`
	MaxRestarts   int32  `json:"max_restarts"`
	PeriodNS      int64  `json:"period_ns"`
	AutoShutdown  string `json:"auto_shutdown,omitempty"`
	OnError       string `json:"on_error,omitempty"`
	RestartState  string `json:"restart_state,omitempty"`
	Mailbox       string `json:"mailbox,omitempty"`
	MaxDeliveries int32  `json:"max_deliveries"`
}

type restartJSON struct {
	Count  uint32 `json:"count"`
	Time   string `json:"time"`
	Reason string `json:"reason"`
	Detail string `json:"detail"`
	WaitNS int64  `json:"wait_ns"`
	Record uint64 `json:"record"`
}

type turnJSON struct {
	Record   uint64 `json:"record"`
	Time     string `json:"time"`
	Function string `json:"function"`
	Cause    string `json:"cause"`
	Status   string `json:"status,omitempty"` // left out while it runs
	Text     string `json:"text,omitempty"`
	Calls    uint32 `json:"calls"`
}

type openTurnJSON struct {
	Function string `json:"function"`
	Since    string `json:"since"`
	WaitsIn  string `json:"waits_in,omitempty"` // a host function; left out where it does not wait
}

type grantJSON struct {
	Handler    string   `json:"handler"`
	Interfaces []string `json:"interfaces"`
	Policy     string   `json:"policy"` // TOML
}

type limitJSON struct {
	Name  string `json:"name"`
	Used  *int64 `json:"used,omitempty"` // left out where nothing counts it
	Limit int64  `json:"limit"`          // 0 is none
	Unit  string `json:"unit"`
}

type headJSON struct {
	Records    uint64 `json:"records"`
	Events     uint64 `json:"events"`
	Head       string `json:"head"`
	Durability string `json:"durability"`
	Sealed     bool   `json:"sealed"`
}

func newActorDocument(r *theaterv1.InspectResponse) actorDocument {
	v, c := r.Supervision, r.Chain
	d := actorDocument{
		liveActor: newLiveActor(r.Actor), Version: r.Version, Folder: r.Folder, Manifest: r.Manifest,
		Supervision: supervisionJSON{
			Supervisor: v.GetSupervisor(), Restart: v.GetRestart(), Shutdown: v.GetShutdown(), Significant: v.GetSignificant(),
			Strategy: v.GetStrategy(), MaxRestarts: v.GetMaxRestarts(), PeriodNS: int64(v.GetPeriod().AsDuration()),
			AutoShutdown: v.GetAutoShutdown(), OnError: v.GetOnError(), RestartState: v.GetRestartState(),
			Mailbox: v.GetMailbox(), MaxDeliveries: v.GetMaxDeliveries(),
		},
		RestartLog: []restartJSON{}, LastTurns: []turnJSON{}, Grants: []grantJSON{}, Limits: []limitJSON{},
		Chain:    headJSON{c.GetRecords(), c.GetEvents(), c.GetHead(), c.GetDurability(), c.GetSealed()},
		WaitsFor: append([]string{}, r.WaitsFor...), Children: []liveActor{},
	}
	for _, e := range r.Restarts {
		d.RestartLog = append(d.RestartLog, restartJSON{e.Count, moment3339(e.Time.AsTime().UnixNano()), e.Reason, e.Detail, int64(e.Wait.AsDuration()), e.Record})
	}
	if t := r.Turn; t != nil {
		d.Turn = &openTurnJSON{t.Function, moment3339(t.Since.AsTime().UnixNano()), t.WaitsIn}
	}
	for _, t := range r.Turns {
		d.LastTurns = append(d.LastTurns, turnJSON{t.Record, moment3339(t.Time.AsTime().UnixNano()), t.Function, t.Cause, t.Status, t.Text, t.Calls})
	}
	for _, g := range r.Grants {
		d.Grants = append(d.Grants, grantJSON{g.Handler, append([]string{}, g.Interfaces...), g.Policy})
	}
	for _, l := range r.Limits {
		d.Limits = append(d.Limits, limitJSON{l.Name, l.Used, l.Limit, l.Unit})
	}
	for _, a := range r.Children {
		d.Children = append(d.Children, newLiveActor(a))
	}
	return d
}
