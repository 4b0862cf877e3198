package chain_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/chaintest"
	"github.com/theater-go/theater/chain/memlog"
)

// kept is a Reader of one chain that a test may forge.
type kept struct {
	chain.Reader
	records []chain.Record
	blobs   map[chain.Hash][]byte
}

func (k *kept) Records(_ context.Context, _ chain.ID, from uint64) iter.Seq2[chain.Record, error] {
	return func(yield func(chain.Record, error) bool) {
		for _, r := range k.records[from:] {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (k *kept) Blob(_ context.Context, sum chain.Hash) ([]byte, error) {
	if b, ok := k.blobs[sum]; ok {
		return b, nil
	}
	return nil, chain.ErrNotFound
}

// chainOf links and hashes the records that hold events, after a genesis.
func chainOf(events ...[]chain.Event) *kept {
	k := &kept{blobs: map[chain.Hash][]byte{first: []byte("state")}}
	k.records = append(k.records, chain.Record{Events: []chain.Event{&chain.Genesis{Name: "a", InitialState: first}}})
	for _, e := range events {
		k.records = append(k.records, chain.Record{Events: e})
	}
	k.link()
	return k
}

// link gives every record its place and its right hash.
func (k *kept) link() {
	var prev chain.Hash
	for i := range k.records {
		r := &k.records[i]
		r.Actor, r.Number, r.Epoch, r.Prev = chaintest.ID(1), uint64(i), 1, prev
		k.hash(i)
		prev = r.Hash
	}
}

// hash gives one record the hash of its content.
func (k *kept) hash(i int) {
	s, err := chain.Store(k.records[i])
	if err != nil {
		panic(err)
	}
	k.records[i].Hash = s.Sum(k.records[i].Prev)
}

// verify verifies the chain both as records and as they are kept.
func (k *kept) verify() (chain.Report, error) {
	report, err := chain.Verify(context.Background(), k, chaintest.ID(1))
	stored, other := chain.Verify(context.Background(), &storing{k}, chaintest.ID(1))
	if stored != report || errors.Is(other, chain.ErrInvalid) != errors.Is(err, chain.ErrInvalid) && !errors.Is(err, chain.ErrEncode) {
		return report, fmt.Errorf("records give %+v and %v, as they are kept %+v and %v", report, err, stored, other)
	}
	return report, err
}

// storing is a chain.StoredReader of the same chain.
type storing struct{ *kept }

func (k *storing) Stored(ctx context.Context, id chain.ID, from uint64) iter.Seq2[*chain.Stored, error] {
	return func(yield func(*chain.Stored, error) bool) {
		for r := range k.Records(ctx, id, from) {
			s, err := chain.Store(r)
			if !yield(&s, err) || err != nil {
				return
			}
		}
	}
}

// bare is one record, as it is kept.
type bare struct {
	chain.Reader
	s chain.Stored
}

func (b bare) Stored(context.Context, chain.ID, uint64) iter.Seq2[*chain.Stored, error] {
	return func(yield func(*chain.Stored, error) bool) { yield(&b.s, nil) }
}

func TestBytesThatAreNoEventsAreCorruptAlsoWithTheirRightHash(t *testing.T) {
	genesis, err := chain.AppendEvents(nil, []chain.Event{&chain.Genesis{Name: "a"}})
	chaintest.Must(t, err)
	turn, err := chain.AppendEvents(nil, []chain.Event{&chain.Lifecycle{}})
	chaintest.Must(t, err)
	for name, s := range map[string]chain.Stored{
		"no events":           {Events: []byte{0}},
		"an unknown kind":     {Events: []byte{1, 99, 0, 0, 0}},
		"a byte too many":     {Events: append(genesis, 0)},
		"a note without home": {Events: turn, Note: "x"},
	} {
		s.Actor = chaintest.ID(1)
		s.Hash = s.Sum(chain.Hash{})
		_, err := chain.Verify(t.Context(), bare{s: s}, chaintest.ID(1))
		if !errors.Is(err, chain.ErrCorrupt) && !errors.Is(err, chain.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

var (
	call   = &chain.Call{Export: 1}
	ok     = &chain.Result{}
	trap   = &chain.Result{Status: chain.ResultTrap}
	first  = chain.Hash(sha256.Sum256([]byte("state")))
	intent = &chain.Intent{Import: 4}
	input  = chain.Payload{Bytes: []byte("input")}

	restart = restartWith(chain.Hash{})
)

func restartWith(sum chain.Hash) *chain.Lifecycle {
	return &chain.Lifecycle{What: chain.LifecycleRestart, Sum: sum}
}

func TestVerifyAcceptsTurnsInOrder(t *testing.T) {
	cases := map[string][][]chain.Event{
		"only a genesis":              nil,
		"a turn in one record":        {{call, &chain.Key{}, &chain.Host{}, ok}},
		"a turn in several records":   {{call}, {intent}, {&chain.Outcome{Import: 4}, &chain.Host{}}, {ok}},
		"a wait":                      {{call, &chain.Outcome{Import: 2, Input: input}, ok}},
		"a turn that is still open":   {{call, intent}},
		"an interrupted turn":         {{call, intent}, {&chain.Result{Status: chain.ResultInterrupted}}, {call, ok}},
		"a lifecycle between turns":   {{call, ok, &chain.Lifecycle{What: chain.LifecycleRestart}}, {call, ok}},
		"a restart after a trap":      {{call, trap}, {&chain.Lifecycle{What: chain.LifecycleResumed}}, {restart}, {call, ok}},
		"a restart with its state":    {{call, trap}, {restartWith(first)}, {call, ok}},
		"restarts one after another":  {{restart, restartWith(first)}, {restart}, {call, ok}},
		"a trap at the end":           {{call, trap}, {&chain.Lifecycle{What: chain.LifecycleStopped}}},
		"a message dropped in a turn": {{call, &chain.Lifecycle{What: chain.LifecycleDropped}, ok}},
		"a stop at the end":           {{call, ok}, {&chain.Lifecycle{What: chain.LifecycleStopped}}},
		"a key in each of two turns":  {{call, &chain.Key{}, ok}, {call, &chain.Key{}, ok}},
		"several turns":               {{call, ok}, {call, ok}},
	}
	for name, events := range cases {
		t.Run(name, func(t *testing.T) {
			report, err := chainOf(events...).verify()
			chaintest.Must(t, err)
			if report.Records != uint64(len(events)+1) {
				t.Errorf("report %+v", report)
			}
		})
	}
}

func TestVerifyRefusesTurnsOutOfOrder(t *testing.T) {
	cases := map[string][][]chain.Event{
		"a second genesis":                         {{&chain.Genesis{}}},
		"the turn before has no result":            {{call}, {call}},
		"outside a turn":                           {{ok}},
		"the turn before ended the instance":       {{call, trap}, {&chain.Lifecycle{What: chain.LifecycleResumed}}, {call}},
		"a state that is not the actor's initial":  {{call, trap}, {restartWith(chaintest.Sum(8))}},
		"within a turn":                            {{call, &chain.Lifecycle{What: chain.LifecycleRestart}}},
		"a second key in the turn":                 {{call, &chain.Key{}, &chain.Key{}}},
		"the intent before has no outcome":         {{call, intent, &chain.Host{}}},
		"the intent before is of another import":   {{call, intent, &chain.Outcome{Import: 5}}},
		"an input after an intent":                 {{call, intent, &chain.Outcome{Import: 4, Input: input}}},
		"neither an intent before it nor an input": {{call, &chain.Outcome{Import: 4}}},
		"an intent has no outcome":                 {{call, intent, ok}},
		"the actor has stopped":                    {{&chain.Lifecycle{What: chain.LifecycleStopped}}, {call, ok}},
	}
	for problem, events := range cases {
		t.Run(problem, func(t *testing.T) { refused(t, chainOf(events...), problem) })
	}
	k := chainOf([]chain.Event{call, ok})
	k.records = k.records[1:]
	k.link()
	refused(t, k, "does not begin with a genesis")
}

// refused checks that the chain is invalid for that reason, and that the error
// names the actor.
func refused(t *testing.T, k *kept, problem string) {
	t.Helper()
	_, err := k.verify()
	if !errors.Is(err, chain.ErrInvalid) || !strings.Contains(err.Error(), problem) ||
		!strings.Contains(err.Error(), chaintest.ID(1).String()) {
		t.Errorf("error %v, want %q", err, problem)
	}
}

func TestVerifyFindsWhatWasChanged(t *testing.T) {
	cases := map[string]struct {
		forge   func(k *kept)
		problem string
	}{
		"an event":              {func(k *kept) { k.records[1].Events[0] = &chain.Call{Export: 2} }, "record 1: has hash"},
		"an event and its hash": {func(k *kept) { k.records[1].Events[0] = &chain.Call{Export: 2}; k.hash(1) }, "record 2: links to"},
		"a hash":                {func(k *kept) { k.records[2].Hash[3]++ }, "record 2: has hash"},
		"a link":                {func(k *kept) { k.records[2].Prev[3]++; k.hash(2) }, "record 2: links to"},
		"an epoch":              {func(k *kept) { k.records[2].Epoch = 7 }, "record 2: has hash"},
		"an epoch that went by": {func(k *kept) { k.records[2].Epoch = 0; k.hash(2) }, "record 2: epoch 0 follows 1"},
		"the actor":             {func(k *kept) { k.records[2].Actor = chaintest.ID(2) }, "record 2: belongs to actor"},
		"a record that is gone": {func(k *kept) { k.records = append(k.records[:1], k.records[2:]...) }, "record 1: has number 2"},
		"a record put twice":    {func(k *kept) { k.records = append(k.records[:2], k.records[1:]...) }, "record 2: has number 1"},
		"an event that cannot be": {
			func(k *kept) { k.records[1].Events = []chain.Event{&chain.Host{Status: 77}} }, "record 1: event 0",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			k := chainOf([]chain.Event{&chain.Call{Export: 1}, ok}, []chain.Event{call, ok}, []chain.Event{call, ok})
			c.forge(k)
			refused(t, k, c.problem)
		})
	}
}

func TestTheTextOfAResultIsNotHashed(t *testing.T) {
	k := chainOf([]chain.Event{call, &chain.Result{Text: "one"}})
	k.records[1].Events[1] = &chain.Result{Text: "two"}
	_, err := k.verify()
	chaintest.Must(t, err)
}

func TestTheFolderOfAGenesisIsNotHashed(t *testing.T) {
	k := chainOf()
	k.records[0].Events[0].(*chain.Genesis).Folder = "/somewhere"
	_, err := k.verify()
	chaintest.Must(t, err)
	s, err := chain.Store(k.records[0])
	chaintest.Must(t, err)
	r, err := s.Record(chain.Hash{})
	chaintest.Must(t, err)
	if got := r.Events[0].(*chain.Genesis).Folder; s.Note != "/somewhere" || got != s.Note {
		t.Errorf("it is kept as %q and read as %q", s.Note, got)
	}
	encoded, err := chain.AppendEvents(nil, []chain.Event{call})
	chaintest.Must(t, err)
	if _, err := (&chain.Stored{Events: encoded, Note: "x"}).Record(chain.Hash{}); !errors.Is(err, chain.ErrCorrupt) {
		t.Errorf("a note of nothing gives %v", err)
	}
}

func TestVerifyLooksAtBlobs(t *testing.T) {
	body := bytes.Repeat([]byte("b"), chain.InlineMax+1)
	payload := chain.NewPayload(body)
	short := payload
	short.Length++
	sealed, opening := chain.Seal([32]byte{1}, []byte("secret"))
	host := func(p chain.Payload) *kept {
		k := chainOf([]chain.Event{call, &chain.Host{Output: p}, ok})
		k.blobs[payload.Sum], k.blobs[sealed.Sum] = body, opening
		return k
	}
	for _, p := range []chain.Payload{payload, sealed} {
		_, err := host(p).verify()
		chaintest.Must(t, err)
	}

	k := host(payload)
	delete(k.blobs, payload.Sum)
	refused(t, k, "record 1: event 1 (host): blob")
	k.blobs[payload.Sum] = body[1:]
	refused(t, k, "bytes have another hash")
	refused(t, host(short), "4097 bytes, not 4098")

	k = host(sealed)
	delete(k.blobs, sealed.Sum)
	_, err := k.verify() // only its holder can show it
	chaintest.Must(t, err)
	k.blobs[sealed.Sum] = opening[1:]
	refused(t, k, "bytes have another hash")

	k = chainOf()
	k.records[0].Events[0].(*chain.Genesis).Module = chaintest.Sum(1)
	k.link()
	refused(t, k, "record 0: event 0 (genesis): blob 0101")
}

func TestAVerifierChecksManyChainsAsTheLogHasThem(t *testing.T) {
	l := memlog.New()
	defer func() { chaintest.Must(t, l.Close()) }()
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	for i := range 3 {
		chaintest.Begin(t, w, chaintest.ID(i))
		chaintest.Fill(t, w, chaintest.ID(i), 1, 5)
	}
	chaintest.Must(t, w.Flush(t.Context()))
	var chains [3][]chain.Record
	for i := range chains {
		chains[i] = chaintest.Records(t, l, chaintest.ID(i), 0)
	}
	v := chain.NewVerifier(l)
	next := func(rec chain.Record) error {
		s, err := chain.Store(rec)
		chaintest.Must(t, err)
		_, err = v.Next(t.Context(), &s)
		return err
	}
	for n := range 5 {
		for i := range chains {
			chaintest.Must(t, next(chains[i][n]))
		}
	}
	for i := range chains {
		if records, head := v.Chain(chaintest.ID(i)); records != 5 || head != chains[i][4].Hash {
			t.Errorf("chain %d: %d records, head %s", i, records, head)
		}
	}
	v = chain.NewVerifier(l)
	if err := next(chains[0][1]); !errors.Is(err, chain.ErrInvalid) {
		t.Errorf("a chain without its beginning gives %v", err)
	}
	chaintest.Must(t, next(chains[1][0]))
	other := chains[1][1]
	other.Hash[0] ^= 1
	if err := next(other); !errors.Is(err, chain.ErrInvalid) {
		t.Errorf("another hash gives %v", err)
	}
}
