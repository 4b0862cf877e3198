package actors_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/chaintest"
	"github.com/theater-go/theater/chain/memlog"
	"github.com/theater-go/theater/host/message"
	"github.com/theater-go/theater/host/supervisor"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// ordered is a log that knows the order of its records, so that a test can have
// what a process leaves that ends after any of them.
type ordered struct {
	chain.Log
	mu    sync.Mutex
	order []chain.Ref // guarded by mu; of the records
}

func (o *ordered) Writer(ctx context.Context) (chain.Writer, error) {
	w, err := o.Log.Writer(ctx)
	return &ordering{w, o}, err
}

type ordering struct {
	chain.Writer
	log *ordered
}

func (w *ordering) Append(d *chain.Draft, to chain.Acknowledger) error {
	w.log.mu.Lock()
	defer w.log.mu.Unlock()
	at := chain.Ref{Actor: d.Stored().Actor, Record: d.Stored().Number}
	err := w.Writer.Append(d, to)
	if err == nil {
		w.log.order = append(w.log.order, at)
	}
	return err
}

func (o *ordered) records() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.order)
}

// prefix is a log with the first so many records.
func (o *ordered) prefix(t testing.TB, n int) *ordered {
	t.Helper()
	ctx := context.Background()
	cut := &ordered{Log: memlog.New()}
	w, err := cut.Writer(ctx)
	check(t, err)
	for _, at := range o.order[:n] {
		for r, err := range o.Log.Records(ctx, at.Actor, at.Record) {
			check(t, err)
			for _, sum := range blobs(t, o.Log, r) {
				if b, err := o.Log.Blob(ctx, sum); err == nil {
					w.PutBlob(b)
				}
			}
			check(t, w.Append(chaintest.Draft(r), nil))
			break
		}
	}
	check(t, w.Close())
	return cut
}

// fate is what the chains tell of a message.
type fate struct {
	sent         bool // else it is a request, of which only a drop is told
	released     bool
	well, failed int // turns that it brought about
	dropped      int
}

// fates are those of all messages of a log.
type fates map[chain.Ref]fate

func (f fates) change(at chain.Ref, how func(*fate)) {
	was := f[at]
	how(&was)
	f[at] = was
}

// fatesOf reads all chains of a log.
func fatesOf(t testing.TB, log chain.Reader) fates {
	t.Helper()
	all := fates{}
	for sum, err := range log.Actors(context.Background()) {
		check(t, err)
		if _, err := chain.Verify(context.Background(), log, sum.ID); err != nil {
			t.Fatalf("the chain of %s does not verify: %v", sum.Path, err)
		}
		code, err := log.Blob(context.Background(), sum.Module)
		check(t, err)
		layout, err := wasm.ReadLayout(code)
		check(t, err)
		all.read(t, sum, layout, records(t, log, sum.ID))
	}
	return all
}

// read reads one chain.
func (f fates) read(t testing.TB, sum chain.Summary, layout *wasm.Layout, records []chain.Record) {
	t.Helper()
	receive, _ := layout.Export(wasmtest.HandleSend)
	newest := map[chain.ID]chain.Ref{}
	var open chain.Ref // the message of the turn
	for _, r := range records {
		var sent []chain.Ref
		released := true
		for i, event := range r.Events {
			switch e := event.(type) {
			case *chain.Call:
				if open = e.Cause.Event; int(e.Export) != receive || open.IsZero() {
					open = chain.Ref{}
					continue
				}
				if last := newest[open.Actor]; e.Delivery == 1 && last.Record*1000+uint64(last.Index) >= open.Record*1000+uint64(open.Index) {
					t.Errorf("%s receives %v after %v", sum.Path, open, last)
				}
				newest[open.Actor] = open
			case *chain.Host:
				if layout.Imports[e.Import].String() == message.Interface+".send" && bytes.Equal(e.Output.Bytes, encode(pack.Ok(pack.TypeString, pack.TypeString, pack.Unit))) {
					sent = append(sent, chain.Ref{Actor: sum.ID, Record: r.Number, Index: uint32(i)})
				}
			case *chain.Result:
				if released = e.Status == chain.ResultOK; !open.IsZero() {
					f.change(open, func(f *fate) { f.ends(released) })
				}
				open = chain.Ref{}
			case *chain.Lifecycle:
				if e.What == chain.LifecycleDropped {
					f.change(e.Ref, func(f *fate) { f.dropped++ })
				}
			}
		}
		for _, at := range sent {
			f.change(at, func(f *fate) { f.sent, f.released = true, released })
		}
	}
}

// ends says how a turn of the message has ended.
func (f *fate) ends(well bool) {
	if well {
		f.well++
	} else {
		f.failed++
	}
}

// unsettled says what is wrong with the fate of a message: each that was released is
// handled well once or dropped once, after no more turns than it may bring about, and
// no other is either.
func unsettled(all fates, deliveries int) (problem string) {
	for at, f := range all {
		switch {
		case !f.sent && f.well+f.failed == 0:
		case f.released && f.well+f.dropped == 1 && f.well+f.failed <= deliveries:
		case !f.released && f.well+f.dropped+f.failed == 0:
		default:
			problem += fmt.Sprintf("\n\t%v: %+v", at, f)
		}
	}
	return problem
}

// relay is a tree whose actors send each other messages in every way: in turns that
// end well and that do not, before and after a call that leaves, to themselves, to a
// child that they have just spawned, and in an init.
func relay(deliveries int, tables string) plan {
	spawn := func(then wasmtest.Behavior) wasmtest.Behavior {
		return wasmtest.Do(supervisor.Interface, "spawn", encode(pack.Tuple(pack.String("kid"), none, none)), then)
	}
	code := func(g wasmtest.Guest) []byte {
		g.Interfaces = append(interfaces(), newPorter().Interfaces()[0].Pact)
		return g.Bytes()
	}
	keep := wasmtest.Keep()
	a := code(wasmtest.Guest{Init: ready, HandleSend: wasmtest.Switch(map[byte]wasmtest.Behavior{
		'g': send("/top/b", "1", send("/top/b", "2", send("/top/c", "d", send("/top/a", "t", keep)))),
		't': wasmtest.Sleep(time.Millisecond, send("/top/b", "x", send("/top/b", "1", keep))),
	}, keep)})
	b := code(wasmtest.Guest{
		Init: wasmtest.Do(message.Interface, "register", encode(pack.Unit), send("/top/a", "i", send("/top/c", "i", keep))),
		HandleSend: wasmtest.Switch(map[byte]wasmtest.Behavior{
			'1': send("/top/c", "m", request("/top/c", "q", send("/top/c", "n", keep))),
			'2': spawn(send("/top/b/kid", "h", send("/top/b/kid", "h", keep))),
			'x': send("/top/c", "m", request("/top/c", "q", send("/top/a", "never", wasmtest.Trap()))),
		}, keep),
	})
	c := code(wasmtest.Guest{
		Init: wasmtest.Do(message.Interface, "register", encode(pack.Unit), send("/top/a", "i", keep)),
		HandleSend: wasmtest.Switch(map[byte]wasmtest.Behavior{
			'm': send("/top/a", "k", keep), 'd': wasmtest.Refuse("no"), 'n': wasmtest.Sleep(time.Millisecond, send("/top/a", "k", keep)),
		}, keep),
		HandleRequest: send("/top/a", "k", send("/top/c", "o", wasmtest.Echo())),
	})
	kid := code(wasmtest.Guest{Init: ready, HandleSend: send("/top/a", "k", send("/top/b", "o", keep))})
	tables = fmt.Sprintf("[supervision]\nmax_deliveries = %d\n%s", deliveries, tables)
	return parent("max_restarts = 1000", plan{id: "a", code: a, tables: tables}, plan{id: "c", code: c, tables: tables},
		plan{id: "b", code: b, tables: tables, spawns: []plan{{id: "kid", code: kid, tables: tables}}})
}

// quiet waits until every message has its fate.
func (h *house) quiet(deliveries int) {
	h.t.Helper()
	problem := ""
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		idle := true
		for _, info := range h.List() {
			idle = idle && info.Mailbox == 0 && info.Status == actors.StatusRunning
		}
		if idle {
			if problem = unsettled(fatesOf(h.t, h.log), deliveries); problem == "" {
				return
			}
		}
		if time.Now().After(deadline) {
			h.t.Fatalf("messages are not settled: %s", problem)
		}
	}
}

// recovered brings a log's actors back and waits until they rest.
func recovered(t *testing.T, log *ordered, deliveries int) {
	t.Helper()
	h := rebuild(t, log)
	got := h.recover()
	if len(got.Left) > 0 || got.Done != got.Total {
		t.Errorf("of the recovery: %+v", got)
	}
	h.quiet(deliveries)
	h.close()
	if problem := unsettled(fatesOf(t, log), deliveries); problem != "" {
		t.Errorf("after the end: %s", problem)
	}
}

// TestWhereverTheProcessEndsEachMessageIsHandledOnceOrDropped holds guarantee 12.
func TestWhereverTheProcessEndsEachMessageIsHandledOnceOrDropped(t *testing.T) {
	for _, c := range []struct {
		deliveries int
		tables     string
		step       int // between the prefixes that are tried
	}{{1, "", 1}, {2, "", 3}, {2, "restart_state = \"last\"", 3}} {
		t.Run(fmt.Sprintf("%d deliveries %s", c.deliveries, c.tables), func(t *testing.T) {
			log := &ordered{Log: memlog.New()}
			h := rebuild(t, log)
			h.grow(relay(c.deliveries, c.tables))
			for range 2 {
				check(t, h.Send(h.ref("/top/a"), "test", []byte("g")))
			}
			h.quiet(c.deliveries)
			h.close()
			random := rand.New(rand.NewPCG(1, 2))
			total := log.records()
			for n := 1; n <= total; n += c.step {
				cut := log.prefix(t, n)
				recovered(t, cut, c.deliveries)
				if t.Failed() {
					t.Fatalf("after %d of %d records", n, total)
				}
				if after := cut.records(); after > n && n%4 == 0 { // and once more in the middle of that
					again := cut.prefix(t, n+random.IntN(after-n))
					m := again.records()
					recovered(t, again, c.deliveries)
					if t.Failed() {
						t.Fatalf("after %d of %d records, and %d of %d", n, total, m, after)
					}
				}
			}
		})
	}
}

func TestHoweverOftenTheNodeIsClosedEachMessageIsHandledOnceOrDropped(t *testing.T) {
	log := &ordered{Log: memlog.New()}
	h := rebuild(t, log)
	h.grow(relay(1, ""))
	for range 3 {
		check(t, h.Send(h.ref("/top/a"), "test", []byte("g")))
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		more := log.records() + random.IntN(12)
		for deadline := time.Now().Add(100 * time.Millisecond); log.records() < more && time.Now().Before(deadline); {
			runtime.Gosched() // when nothing happens any more it is enough
		}
		h.close()
		h = rebuild(t, log)
		if got := h.recover(); len(got.Left)+len(got.Ended) > 0 {
			t.Errorf("it gives %+v", got)
		}
	}
	h.quiet(1)
}
