package badgerlog

import (
	"errors"
	"fmt"

	"github.com/theater-go/theater/chain"
)

// rebuild builds the new folder of a repair, block by block in the order of the log. So
// what a record follows from has been kept, or not, when the record comes.
type rebuild struct {
	*repair
	loader  *loader
	actors  map[chain.ID]*progress
	missing map[chain.Hash]MissingBlob
	lists   map[chain.Hash]bool // of children, that are there with all that they name
	later   []forward
	epoch   uint64
	blobs   int
	lost    []Span
	blocks  uint64
	strands uint64
}

// progress is how much of an actor's chain is kept.
type progress struct {
	path  string     // empty when the genesis was not found
	next  uint64     // record
	hash  chain.Hash // of the one before
	had   uint64     // records, at least
	cut   *Cut       // nil while it goes on
	last  uint64     // block with the newest record that is kept
	cutIn uint64     // block with the record at which it is cut
	marks [2]chain.Hash
}

// forward is a record that names one of which it shows only later whether it is kept.
type forward struct {
	actor  chain.ID
	record uint64
	block  uint64 // with the record
	born   bool   // it is the genesis, and names the parent
	ref    chain.Ref
}

func newRebuild(r *repair, p *loader) *rebuild {
	return &rebuild{repair: r, loader: p, actors: map[chain.ID]*progress{}, missing: map[chain.Hash]MissingBlob{}, lists: map[chain.Hash]bool{}}
}

// run builds and verifies the folder. more is true when bounds were found with which it
// has to be built anew.
func (b *rebuild) run() (more bool, err error) {
	for n := uint64(0); n < b.s.end; n++ {
		if err := b.ctx.Err(); err != nil {
			return false, err
		}
		if err := b.block(n); err != nil {
			return false, err
		}
		b.opts.Step(StepWrite, n+1, b.s.end)
	}
	if b.bindLater() {
		return true, nil
	}
	if err := b.putBlobs(); err != nil {
		return false, err
	}
	report, err := b.loader.verify(b.ctx, func(p Progress) { b.opts.Step(StepVerify, p.Blocks, p.Total) })
	for _, d := range report.Damage {
		if d.Actor.IsZero() { // of the new folder
			return false, errors.Join(err, d.Err)
		}
		if p := b.actors[d.Actor]; p == nil || d.Record >= p.next { // it would be so again
			return false, errors.Join(err, d.Err)
		}
		more = true
		b.bind(d.Actor, bound{d.Record, CutInvalid, d.Err.Error()})
	}
	return more, err
}

// bindLater binds those of which it shows at the end that they follow from what is not
// kept. more is true when there are some.
func (b *rebuild) bindLater() (more bool) {
	for _, f := range b.later {
		if f.record >= b.actors[f.actor].next {
			continue // it is not kept anyway
		}
		p := b.actors[f.ref.Actor]
		lost := (p == nil || f.ref.Record >= p.next) && f.ref.Record < b.had(f.ref.Actor)
		if why := fmt.Sprintf("record %d: %s, which is %v", f.record, followsFrom(f.ref), errNoCause); lost {
			b.bind(f.actor, bound{f.record, CutCause, why})
			more = true
		} else if from, cut := b.lostFrom(f.ref.Actor); f.born && cut && from <= f.block {
			b.bind(f.actor, bound{f.record, CutCause, fmt.Sprintf("its parent %s made it after what is kept of that", f.ref.Actor)})
			more = true
		}
	}
	return more
}

// lostFrom is the block in which the first record of an actor may have been that is not
// kept; ok is false when all are.
func (b *rebuild) lostFrom(id chain.ID) (block uint64, ok bool) {
	p := b.actors[id]
	switch {
	case b.had(id) == 0 || p != nil && p.next >= b.had(id):
		return 0, false
	case p == nil:
		return 0, true
	case p.cut != nil && p.cut.Reason != CutLost:
		return p.cutIn, true
	}
	for _, s := range b.lost {
		if s.To > p.last+1 {
			return max(s.From, p.last+1), true
		}
	}
	return p.last + 1, true
}

func followsFrom(ref chain.Ref) string {
	return fmt.Sprintf("it follows from record %d of actor %s", ref.Record, ref.Actor)
}

// had is how many records an actor had, at least.
func (b *rebuild) had(id chain.ID) uint64 {
	had := b.s.summaries[id].Records
	if p := b.actors[id]; p != nil {
		had = max(had, p.had)
	}
	return had
}

// block keeps what it can of block number.
func (b *rebuild) block(number uint64) error {
	value, records, count, err := b.s.block(number)
	if err != nil {
		return err
	}
	if value == nil {
		if n := len(b.lost); n > 0 && b.lost[n-1].To == number {
			b.lost[n-1].To++
		} else {
			b.lost = append(b.lost, Span{number, number + 1})
		}
		return nil
	}
	b.blocks++
	kept, n := make([]byte, 0, len(records)), 0
	for rest := records; count > 0; count-- {
		s, after, err := chain.DecodeStored(rest)
		if err != nil {
			break
		}
		if b.record(&s, number) {
			kept = append(kept, rest[:len(rest)-len(after)]...)
			n++
		} else {
			b.strands++
		}
		rest = after
	}
	if n == 0 {
		return nil
	}
	return b.loader.block(encodeBlock(nil, b.loader.next, n, kept))
}

// block finds block number, nil when it is lost. All is valid until the next call.
func (s *salvage) block(number uint64) (value, records []byte, count uint32, err error) {
	signed, vouched, err := s.origin.vouched(s.leaves, number)
	if err != nil {
		return nil, nil, 0, err
	}
	for _, f := range s.blocks[number] {
		value, err := s.read(f)
		if err != nil {
			return nil, nil, 0, err
		}
		records, count, err := decodeBlock(number, value, s.decoded)
		if err != nil {
			continue // the file is another one than a moment ago
		}
		s.decoded = records
		leaf, err := eachRecord(number, records, count, func(*chain.Stored, place) error { return nil })
		if err == nil && (!vouched || leaf == signed) {
			return value, records, count, nil
		}
	}
	return nil, nil, 0, nil
}

// record decides whether a record is kept.
func (b *rebuild) record(s *chain.Stored, block uint64) bool {
	p := b.actors[s.Actor]
	if p == nil {
		p = &progress{}
		b.actors[s.Actor] = p
	}
	p.had = max(p.had, s.Number+1)
	if p.cut == nil {
		p.cutIn = block // if it is now
	}
	r, err := s.Record(p.hash)
	if err == nil {
		p.name(&r)
		err = b.complete(&r, block)
	}
	switch most, bound := b.bounds[s.Actor]; {
	case p.cut != nil:
	case s.Number < p.next: // a block that was half forgotten
	case s.Number > p.next:
		p.stop(CutLost, fmt.Sprintf("record %d is in no block that is left", p.next))
	case bound && s.Number >= most.records:
		p.stop(most.reason, most.detail)
	case s.Sum(p.hash) != s.Hash:
		p.stop(CutInvalid, fmt.Sprintf("record %d has another hash than its content", s.Number))
	case err != nil:
		p.stop(reasonOf(err), err.Error())
	default:
		p.next, p.hash, p.last = s.Number+1, s.Hash, block
		p.mark(&r)
		b.epoch = max(b.epoch, s.Epoch)
		return true
	}
	return false
}

func (p *progress) stop(reason, detail string) {
	p.cut = &Cut{Reason: reason, Detail: detail}
}

// name takes the path of the actor from its genesis.
func (p *progress) name(r *chain.Record) {
	if g, ok := r.Events[0].(*chain.Genesis); ok {
		p.path = g.Path
	}
}

// mark follows which checkpoints the actor has.
func (p *progress) mark(r *chain.Record) {
	for _, e := range r.Events {
		switch e, _ := e.(*chain.Lifecycle); {
		case e == nil:
		case e.What == chain.LifecycleCheckpoint:
			p.marks = [2]chain.Hash{e.Sum, p.marks[0]}
		case e.What == chain.LifecycleUpgrade:
			p.marks = [2]chain.Hash{}
		}
	}
}

var (
	errNoBlob  = errors.New("missing")
	errNoCause = errors.New("not kept")
)

func reasonOf(err error) string {
	switch {
	case errors.Is(err, errNoBlob):
		return CutBlob
	case errors.Is(err, errNoCause):
		return CutCause
	}
	return CutInvalid
}

// complete reports what a record names that is not there.
func (b *rebuild) complete(r *chain.Record, block uint64) (err error) {
	for i, e := range r.Events {
		n := chain.NamesOf(e)
		for _, p := range n.Payloads {
			switch {
			case p == nil:
			case p.Form == chain.FormBlob:
				err = first(err, b.blob(r, p.Sum))
			case p.Form == chain.FormSealed: // the chain is in order without the opening
				b.has(p.Sum)
			}
		}
		for _, sum := range n.Blobs {
			err = first(err, b.blob(r, sum))
		}
		err = first(err, b.list(r, n.Children))
		for _, ref := range n.Events {
			if caused := b.event(r, block, ref); caused != nil {
				err = first(err, fmt.Errorf("record %d event %d: %w", r.Number, i, caused))
			}
		}
	}
	return err
}

func first(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

func (b *rebuild) blob(r *chain.Record, sum chain.Hash) error {
	if sum.IsZero() || b.has(sum) {
		return nil
	}
	if _, ok := b.missing[sum]; !ok {
		b.missing[sum] = MissingBlob{sum, r.Actor, r.Number}
	}
	return fmt.Errorf("record %d names blob %s, which is %w", r.Number, sum, errNoBlob)
}

// list is blob, for a list of what children are made from and for all that it names.
func (b *rebuild) list(r *chain.Record, sum chain.Hash) error {
	return b.listOnce(r, sum, map[chain.Hash]error{})
}

// listOnce looks at a list once, however often those above it name it: missing says what
// is wrong with those that were looked at.
func (b *rebuild) listOnce(r *chain.Record, sum chain.Hash, missing map[chain.Hash]error) (err error) {
	if sum.IsZero() || b.lists[sum] {
		return nil
	}
	if err := missing[sum]; err != nil {
		return err
	}
	defer func() { missing[sum] = err }()
	if err := b.blob(r, sum); err != nil {
		return err
	}
	blob, err := b.blobBytes(sum)
	if err != nil {
		return err
	}
	children, err := chain.DecodeChildren(blob)
	if err != nil {
		return err
	}
	for _, c := range children {
		err = first(err, first(b.blob(r, c.Manifest), first(b.blob(r, c.Module), b.listOnce(r, c.Children, missing))))
	}
	b.lists[sum] = err == nil
	return err
}

// event reports whether the event is kept that a record follows from. One of an actor of
// which nothing is known was in another log. What a parent does before it has a child is
// not all named by the child: of that, all is to be kept.
func (b *rebuild) event(r *chain.Record, block uint64, ref chain.Ref) error {
	p, born := b.actors[ref.Actor], r.Number == 0
	switch {
	case ref.IsZero():
		return nil
	case p != nil && p.cut != nil && (born || ref.Record >= p.next):
		return fmt.Errorf("%s, which is %w", followsFrom(ref), errNoCause)
	case born || p == nil || ref.Record >= p.next:
		b.later = append(b.later, forward{r.Actor, r.Number, block, born, ref})
	}
	return nil
}
