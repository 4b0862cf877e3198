package top

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"
)

// model is the screen and all it knows. Bubble Tea gives it one message at a time.
type model struct {
	ctx      context.Context // ends what it asks the source for
	source   Source
	interval time.Duration
	now      func() time.Time

	width, height int
	node          Node
	table         table
	rates         rates
	seen          time.Time // of the last look that showed something
	lost          error     // why the last look did not

	pane   *pane     // what is shown in place of the table, if anything is
	opened int       // how many panes there were
	typing bool      // what comes is the filter
	asking *question // what waits for y
	help   bool
	notice notice // what came of the last deed
}

// question is a deed that is not sure yet.
type question struct {
	deed  Deed
	actor Actor
}

// notice is a line for the user, which stays until the next key.
type notice struct {
	text string
	bad  bool
}

func newModel(ctx context.Context, s Source, interval time.Duration, now func() time.Time) *model {
	if now == nil {
		now = time.Now
	}
	return &model{
		ctx: ctx, source: s, interval: interval, now: now, width: 80, height: 24,
		table: table{collapsed: map[string]bool{}, height: 24},
	}
}

// The messages.
type (
	tickMsg   struct{}
	lookedMsg struct {
		snapshot *Snapshot
		err      error
		beside   bool // it was taken beside those that come again and again
	}
	doneMsg struct {
		question
		err error
	}
	openedMsg struct {
		pane  int // number
		lines Lines
		err   error
	}
	lineMsg struct {
		pane int
		text string
		err  error
	}
)

// Init implements tea.Model.
func (m *model) Init() tea.Cmd { return m.tick() }

// Update implements tea.Model.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	cmd := m.handle(msg)
	m.table.height = max(m.height-len(m.header())-2, 1) // its heads, and the last line
	m.table.scroll()
	return m, cmd
}

func (m *model) handle(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = max(msg.Width, 1), max(msg.Height, 1)
	case tea.KeyPressMsg:
		return m.key(msg)
	case tea.PasteMsg:
		if m.typing {
			m.search(m.table.filter + msg.Content)
		}
	case tickMsg:
		return m.look(false)
	case lookedMsg:
		m.looked(msg)
		if !msg.beside {
			return m.tick()
		}
	case doneMsg:
		m.done(msg)
		return m.look(true)
	case openedMsg:
		return m.paneOpened(msg)
	case lineMsg:
		return m.paneLine(msg)
	}
	return nil
}

// tick waits for the next look.
func (m *model) tick() tea.Cmd {
	return tea.Tick(m.interval, func(time.Time) tea.Msg { return tickMsg{} })
}

// lookTime is how long a look may take.
const lookTime = 10 * time.Second

func (m *model) look(beside bool) tea.Cmd {
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(m.ctx, lookTime)
		defer cancel()
		s, err := m.source.Look(ctx)
		return lookedMsg{s, err, beside}
	}
}

// looked takes what a look has shown.
func (m *model) looked(msg lookedMsg) {
	m.lost = msg.err
	if msg.err != nil {
		return
	}
	m.seen, m.node = m.now(), msg.snapshot.Node
	rows := rowsOf(msg.snapshot.Actors)
	m.rates.take(msg.snapshot, rows, m.seen)
	m.table.set(rows)
}

// ask asks whether the selected actor is really meant.
func (m *model) ask(deed Deed) {
	if r := m.table.current(); r != nil {
		m.asking = &question{deed, r.Actor}
	}
}

// do does what was asked about.
func (m *model) do(q question) tea.Cmd {
	m.notice = notice{text: q.deed.doing() + " " + q.actor.Path + " …"}
	return func() tea.Msg { return doneMsg{q, m.source.Do(m.ctx, q.deed, q.actor)} }
}

func (m *model) done(msg doneMsg) {
	m.notice = notice{text: msg.deed.done() + " " + msg.actor.Path}
	if msg.err != nil {
		m.notice = notice{text: string(msg.deed) + " " + msg.actor.Path + ": " + msg.err.Error(), bad: true}
	}
}

func (d Deed) doing() string {
	return map[Deed]string{Stop: "stopping", Restart: "restarting", Kill: "killing"}[d]
}

func (d Deed) done() string {
	return map[Deed]string{Stop: "stopped", Restart: "restarted", Kill: "killed"}[d]
}

// means is what a deed is, for one who has to be sure.
func (d Deed) means() string {
	return map[Deed]string{
		Stop:    "for good, with all below it",
		Restart: "with a fresh instance",
		Kill:    "in the middle of its turn",
	}[d]
}
