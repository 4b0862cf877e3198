package replay_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/chaintest"
	"github.com/theater-go/theater/chain/replay"
)

// forgery is a log in which other records stand.
type forgery struct {
	chain.Reader
	records []chain.Record
}

func (f forgery) Records(_ context.Context, id chain.ID, from uint64) iter.Seq2[chain.Record, error] {
	return func(yield func(chain.Record, error) bool) {
		for _, r := range f.records[min(from, uint64(len(f.records))):] {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// records are copies of those on the chain.
func (l *life) records() []chain.Record {
	l.t.Helper()
	var all []chain.Record
	for r, err := range l.log.Records(l.t.Context(), chaintest.ID(1), 0) {
		check(l.t, err)
		all = append(all, r)
	}
	return all
}

func genesisOf(r []chain.Record) *chain.Genesis { return r[0].Events[0].(*chain.Genesis) }

// rehashed numbers and links records, as far as they are in the format.
func rehashed(records []chain.Record) []chain.Record {
	var prev chain.Hash
	for i := range records {
		r := &records[i]
		r.Actor, r.Number, r.Prev = chaintest.ID(1), uint64(i), prev
		if stored, err := chain.Store(*r); err == nil {
			r.Hash = stored.Sum(prev)
		}
		prev = r.Hash
	}
	return records
}

// edits changes each field of an event in turn, and yields the field's name while
// the event has the change.
func edits(e chain.Event) iter.Seq[string] {
	return func(yield func(string) bool) {
		name := strings.TrimPrefix(fmt.Sprintf("%T", e), "*chain.")
		fields(name, reflect.ValueOf(e).Elem(), yield)
	}
}

func fields(name string, v reflect.Value, yield func(string) bool) bool {
	was := reflect.New(v.Type()).Elem()
	was.Set(v)
	defer v.Set(was)
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if !fields(name+"."+v.Type().Field(i).Name, v.Field(i), yield) {
				return false
			}
		}
		return true
	case reflect.Array: // of bytes
		v.Index(v.Len() - 1).SetUint(v.Index(v.Len()-1).Uint() ^ 1)
	case reflect.Slice:
		b := slices.Clone(v.Bytes())
		if len(b) == 0 {
			b = []byte{0}
		}
		b[len(b)-1] ^= 1
		v.SetBytes(b)
	case reflect.String:
		v.SetString(v.String() + "x")
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Int64:
		v.SetInt(v.Int() + 1)
	default:
		v.SetUint(v.Uint() + 1)
	}
	return yield(name)
}

// derived are the fields that a replay computes, as FORMAT.md says.
var derived = []string{
	"Host.Import", "Host.Input", "Intent.", "Outcome.Import", "Outcome.Input",
	"Result.Status", "Result.Response", "Result.Error", "Result.Trap", "Result.State", "Result.Fuel",
}

func TestEachFieldThatIsChangedIsFound(t *testing.T) {
	l := liveOn(t, versatile(nil), everything)
	head := l.summary().Head
	c := l.config()
	c.Patience = 2 * time.Second
	verify := func(records []chain.Record) (replay.Report, error) {
		c.Reader = forgery{Reader: l.log, records: records}
		return replay.Verify(t.Context(), c)
	}
	records := l.records()
	kinds, changed := map[string]bool{}, 0
	for n := range records {
		for i, e := range records[n].Events {
			kinds[chain.KindOf(e)] = true
			before, err := chain.AppendEvent(nil, e)
			check(t, err)
			for field := range edits(e) {
				after, err := chain.AppendEvent(nil, e)
				if err == nil && string(after) == string(before) {
					continue // it is not on the chain
				}
				changed++
				name := fmt.Sprintf("%s of event %d.%d", field, n, i)
				if report, err := verify(records); !errors.Is(err, chain.ErrInvalid) || report.Records > uint64(n) {
					t.Errorf("%s: %+v, %v", name, report, err)
				}
				forged := rehashed(slices.Clone(records))
				report, err := verify(forged)
				var d *replay.Divergence
				found := errors.As(err, &d) || errors.Is(err, chain.ErrInvalid) || errors.Is(err, replay.ErrSealed)
				switch isDerived := slices.ContainsFunc(derived, func(p string) bool { return strings.HasPrefix(field, p) }); {
				case isDerived && !found:
					t.Errorf("%s is derived, and it is not found: %+v, %v", name, report, err)
				case d != nil && d.Record < uint64(n):
					t.Errorf("%s: %v", name, err)
				case err == nil && report.Head == head:
					t.Errorf("%s is changed, and the head is the same", name)
				}
			}
		}
	}
	if len(kinds) != 8 || changed < 300 {
		t.Errorf("%d changes of %v", changed, kinds)
	}
	report, err := verify(records)
	check(t, err)
	if report.Head != head {
		t.Error("the records are not what they were")
	}
}

func FuzzAForgedChainIsVerified(f *testing.F) {
	f.Add(uint16(3), uint16(20), byte(1), []byte{})
	f.Add(uint16(9), uint16(0), byte(255), []byte{2, 1, 0})
	l := liveOn(f, versatile(nil), everything)
	f.Fuzz(func(t *testing.T, record, at uint16, flip byte, more []byte) {
		l := life{t: t, module: l.module, log: l.log}
		records := l.records()
		r := &records[int(record)%len(records)]
		encoded, err := chain.AppendEvents(nil, r.Events)
		check(t, err)
		encoded[int(at)%len(encoded)] ^= flip
		if events, err := chain.DecodeEvents(encoded); err == nil {
			r.Events = events
		}
		if events, err := chain.DecodeEvents(more); err == nil {
			records = slices.Insert(records, int(record)%len(records), chain.Record{Epoch: 1, Events: events})
		}
		c := l.config()
		c.Reader, c.Patience = forgery{Reader: l.log, records: rehashed(records)}, 200*time.Millisecond
		report, err := replay.Verify(t.Context(), c)
		if err == nil && report.Records != uint64(len(records)) {
			t.Errorf("of %d records it reports %+v", len(records), report)
		}
	})
}
