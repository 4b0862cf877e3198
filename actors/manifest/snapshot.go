package manifest

// Snapshot is the table [snapshot]: when an actor is snapshotted, so that it can be
// resumed without executing its whole chain again.
type Snapshot struct {
	Enabled bool
	// A snapshot is due once so many turns have closed since the last one, or they
	// have put so many bytes on the chain, or have spent so much fuel.
	Turns     int
	Bytes     int64
	Fuel      int64
	OnSuspend bool // also when the actor is suspended
	// MaxReplay is how many records the chain of an actor may have that is never
	// snapshotted, for it to be resumed.
	MaxReplay int64
}

// DefaultSnapshot is the policy of a manifest without [snapshot].
func DefaultSnapshot() Snapshot {
	return Snapshot{Enabled: true, Turns: 1000, Bytes: 16 << 20, Fuel: 10_000_000_000, OnSuspend: true, MaxReplay: 10_000_000}
}

var snapshotKeys = []key[Manifest]{
	{KeyDoc{"snapshot.enabled", "boolean", "", "true", "Whether the actor is snapshotted."},
		func(m *Manifest) any { return &m.Snapshot.Enabled }, rule{}},
	{KeyDoc{"snapshot.turns", "integer", "turns", "1000", "A snapshot is due after so many turns."},
		func(m *Manifest) any { return &m.Snapshot.Turns }, integers(1, 1_000_000_000)},
	{KeyDoc{"snapshot.bytes", "size", "bytes", `"16MiB"`, "A snapshot is due once the turns since the last one have put so much on the chain."},
		func(m *Manifest) any { return (*size)(&m.Snapshot.Bytes) }, sizes(4<<10, 1<<40)},
	{KeyDoc{"snapshot.fuel", "integer", "instructions", "10000000000", "A snapshot is due once the turns since the last one have spent so much."},
		func(m *Manifest) any { return &m.Snapshot.Fuel }, integers[int64](1_000, 1_000_000_000_000_000)},
	{KeyDoc{"snapshot.on_suspend", "boolean", "", "true", "Whether a snapshot is taken when the actor is suspended, as when its node stops."},
		func(m *Manifest) any { return &m.Snapshot.OnSuspend }, rule{}},
	{KeyDoc{"snapshot.max_replay", "integer", "records", "10000000", "How long the chain of an actor that is never snapshotted may be for it to be resumed: a record is about a turn."},
		func(m *Manifest) any { return &m.Snapshot.MaxReplay }, integers[int64](1_000, 1_000_000_000_000)},
}
