package cli

import (
	"strconv"
	"strings"
	"time"

	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// nodeInfo is a node as programs see it.
type nodeInfo struct {
	State             string         `json:"state"`
	Detail            string         `json:"detail,omitempty"`
	Node              string         `json:"node"`
	Version           string         `json:"version"`
	PID               uint64         `json:"pid"`
	Started           string         `json:"started"`
	Addresses         []string       `json:"addresses"`
	Scope             string         `json:"scope"`
	Data              string         `json:"data,omitempty"`
	Durability        string         `json:"durability"`
	Epoch             uint64         `json:"epoch"`
	DiskFree          uint64         `json:"disk_free,omitempty"`
	DiskNeeded        uint64         `json:"disk_needed,omitempty"`
	Checkpoint        *checkpointRow `json:"checkpoint,omitempty"`
	CheckpointProblem string         `json:"checkpoint_problem,omitempty"`
	Actors            uint64         `json:"actors"`
	Turns             int64          `json:"turns"`
	GuestMemory       int64          `json:"guest_memory"`
	GuestMemoryBudget int64          `json:"guest_memory_budget,omitempty"`
	Handlers          []string       `json:"handlers"`
	Recovery          nodeRecovery   `json:"recovery"`
}

type nodeRecovery struct {
	Done     uint64        `json:"done"`
	Total    uint64        `json:"total"`
	Seconds  float64       `json:"seconds"`
	Failures []nodeFailure `json:"failures"`
}

type nodeFailure struct {
	ID     string `json:"id"`
	Path   string `json:"path"`
	Detail string `json:"detail"`
}

func newNodeInfo(i *theaterv1.InfoResponse) nodeInfo {
	shown := nodeInfo{
		State: nodeState(i.State), Detail: i.Detail, DiskFree: i.DiskFree, DiskNeeded: i.DiskNeeded, Node: i.Node, Version: i.Version, PID: i.Pid,
		Addresses: append([]string{}, i.Addresses...), Scope: i.Scope, Data: i.Data, Durability: i.Durability, Epoch: i.Epoch,
		Actors: i.Actors, Turns: i.Turns, GuestMemory: i.GuestMemory, GuestMemoryBudget: i.GuestMemoryBudget,
		Checkpoint: newLiveCheckpoint(i.Checkpoint), CheckpointProblem: i.CheckpointProblem,
		Handlers: append([]string{}, i.Handlers...),
		Recovery: nodeRecovery{
			Done: i.Recovery.GetDone(), Total: i.Recovery.GetTotal(), Seconds: i.Recovery.GetTook().AsDuration().Seconds(),
			Failures: []nodeFailure{},
		},
	}
	if i.Started.IsValid() {
		shown.Started = moment3339(i.Started.AsTime().UnixNano())
	}
	for _, f := range i.Recovery.GetFailures() {
		shown.Recovery.Failures = append(shown.Recovery.Failures, nodeFailure{f.Id, f.Path, f.Detail})
	}
	return shown
}

// checkpointRows are those of the checkpoint in the node's data folder, or why there is
// none.
func (i *nodeInfo) checkpointRows() [][]string {
	switch {
	case i.Checkpoint != nil:
		return i.Checkpoint.rows()
	case i.Data == "":
		return [][]string{{"checkpoint", "none: what is in memory is not signed"}}
	case i.CheckpointProblem != "":
		return [][]string{{"checkpoint", "none: " + i.CheckpointProblem}}
	}
	return [][]string{{"checkpoint", "this node, of another version, does not tell"}}
}

func (l *live) showNode(i nodeInfo) error {
	if l.format.value == formatJSON {
		return l.writeJSON(i, true)
	}
	state := i.State
	if i.Detail != "" {
		state += ": " + i.Detail
	}
	rows := [][]string{{"node", i.Node}, {"state", state}, {"version", i.Version}, {"pid", strconv.FormatUint(i.PID, 10)}}
	if at, err := time.Parse(time.RFC3339Nano, i.Started); err == nil {
		rows = append(rows, []string{"started", moment(at.UnixNano())})
	}
	for _, a := range i.Addresses {
		rows = append(rows, []string{"address", a})
	}
	rows = append(rows, []string{"you may", i.Scope})
	data := "in memory"
	if i.Data != "" {
		data = i.Data + " (" + i.Durability + ", epoch " + strconv.FormatUint(i.Epoch, 10) + ")"
	}
	memory := size(i.GuestMemory)
	if i.GuestMemoryBudget > 0 {
		memory += " of " + size(i.GuestMemoryBudget)
	}
	rows = append(append(rows, []string{"data", data}), i.checkpointRows()...)
	if i.DiskNeeded > 0 {
		rows = append(rows, []string{"disk", size(i.DiskFree) + " free, turns need " + size(i.DiskNeeded)})
	}
	rows = append(rows, []string{"actors", strconv.FormatUint(i.Actors, 10)},
		[]string{"turns", strconv.FormatInt(i.Turns, 10)}, []string{"memory", memory}, []string{"handlers", strings.Join(i.Handlers, ", ")})
	if r := i.Recovery; r.Total > 0 {
		rows = append(rows, []string{"recovered", strconv.FormatUint(r.Done, 10) + " of " + count(r.Total, "actor") + " in " +
			rounded(time.Duration(r.Seconds*float64(time.Second))).String()})
	}
	for _, f := range i.Recovery.Failures {
		rows = append(rows, []string{"not back", f.Path + " " + f.ID + ": " + f.Detail})
	}
	return l.writeColumns(rows)
}
