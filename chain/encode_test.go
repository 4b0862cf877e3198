package chain_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"runtime"
	"testing"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/chaintest"
)

func TestEventsAreDecodedAsTheyWereEncoded(t *testing.T) {
	for _, want := range chaintest.Every() {
		b, err := chain.AppendEvents([]byte("prefix"), want)
		chaintest.Must(t, err)
		got, err := chain.DecodeEvents(b[len("prefix"):])
		chaintest.Must(t, err)
		for _, e := range want {
			if r, ok := e.(*chain.Result); ok {
				r.Text = "" // is not part of the encoding
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("decoded %+v", got)
		}
	}
}

func TestEventsOutsideTheFormatAreNotEncoded(t *testing.T) {
	long := bytes.Repeat([]byte("x"), chain.InlineMax+1)
	notice := chain.NoticePayload(chain.Ref{Record: 1}, 9)
	more := notice
	more.Sum[31] = 1
	cases := map[string][]chain.Event{
		"no events":                       nil,
		"a nil event":                     {nil},
		"two results":                     {&chain.Result{}, &chain.Result{}},
		"an inline payload over the most": {&chain.Intent{Input: chain.Payload{Bytes: long}}},
		"a short blob":                    {&chain.Intent{Input: chain.BlobPayload(chaintest.Sum(1), 10)}},
		"an unknown form of payload":      {&chain.Intent{Input: chain.Payload{Form: 9}}},
		"a notice that is not of a call":  {&chain.Intent{Input: notice}},
		"a notice of no event":            {&chain.Call{Params: chain.NoticePayload(chain.Ref{}, 9)}},
		"a notice of no bytes":            {&chain.Call{Params: chain.NoticePayload(chain.Ref{Record: 1}, 0)}},
		"a notice of more than an event":  {&chain.Call{Params: more}},
		"an unknown call status":          {&chain.Host{Status: 99}},
		"an unknown result status":        {&chain.Result{Status: 99}},
		"an unknown lifecycle":            {&chain.Lifecycle{What: 99}},
		"an unknown cause":                {&chain.Call{Cause: chain.Cause{Kind: 99}}},
		"a negative wait":                 {&chain.Lifecycle{Wait: -1}},
		"a long inline state":             {&chain.Result{State: chain.StateRef{Inline: long[:chain.StateInlineMax+1]}}},
		"a short state by hash":           {&chain.Result{State: chain.StateRef{Sum: chaintest.Sum(1), Length: 5}}},
		"a function that is not known":    {&chain.Result{Trap: chain.TrapInfo{Function: 5}}},
	}
	for name, events := range cases {
		t.Run(name, func(t *testing.T) {
			if _, err := chain.AppendEvents(nil, events); !errors.Is(err, chain.ErrEncode) {
				t.Errorf("error %v", err)
			}
			if err := chaintest.Draft(chain.Record{Events: events}).Err(); !errors.Is(err, chain.ErrEncode) {
				t.Errorf("error of a draft: %v", err)
			}
		})
	}
}

func TestFuelIsWrittenOnlyWhereAGuestWasStopped(t *testing.T) {
	for status := chain.ResultOK; status <= chain.ResultInterrupted; status++ {
		b, err := chain.AppendEvents(nil, []chain.Event{&chain.Result{Status: status, Fuel: 7}})
		chaintest.Must(t, err)
		events, err := chain.DecodeEvents(b)
		chaintest.Must(t, err)
		var want uint64
		switch status {
		case chain.ResultLimit, chain.ResultKilled, chain.ResultDeadline:
			want = 7
		}
		if got := events[0].(*chain.Result).Fuel; got != want {
			t.Errorf("%s: fuel %d, want %d", status, got, want)
		}
	}
}

func TestOtherBytesThanTheEncodersAreNotDecoded(t *testing.T) {
	cases := map[string]string{
		"nothing":                              "",
		"no events":                            "00",
		"more events than bytes":               "05040100",
		"an unknown kind":                      "01ff0000",
		"a count in a longer form":             "8100040100",
		"an integer in a longer form":          "0104810000",
		"an integer over 32 bits":              "0104ffffffff7f00",
		"an integer over 64 bits":              "0104ffffffffffffffffff7f00",
		"bytes after the last event":           "0104010000",
		"an unknown form of payload":           "01040107",
		"a notice that is not of a call":       "01040106" + noticeOf("01", "09"),
		"a notice of no event":                 "01020006" + noticeOf("00", "09") + "0000" + "0000000000000000",
		"a notice of no bytes":                 "01020006" + noticeOf("01", "00") + "0000" + "0000000000000000",
		"an empty inline payload":              "0104010100",
		"a payload without its bytes":          "0104010105aa",
		"an inline payload with a shorter one": "010401011c" + hex.EncodeToString(chaintest.Unit().Bytes),
		"a short blob":                         "01040102" + hex.EncodeToString(make([]byte, 32)) + "05",
		"an unknown status":                    "010301000900",
		"fuel in an ok result":                 "0107001005",
		"no fuel where it is announced":        "0107031000",
		"unknown flags of a result":            "01070020",
		"no response where it is announced":    "0107000100",
		"an empty trap":                        "010702040000",
		"a flag that is 2":                     "0107020400" + "02",
		"an unknown form of state":             "01070008" + "09",
		"an empty inline state":                "0107000801" + "00",
		"no reason where it is announced":      "010800" + "0000000000000000" + "0100",
		"no wait where it is announced":        "010800" + "0000000000000000" + "0800",
		"two results":                          "02070000070000",
	}
	for name, text := range cases {
		t.Run(name, func(t *testing.T) {
			b, err := hex.DecodeString(text)
			chaintest.Must(t, err)
			if events, err := chain.DecodeEvents(b); !errors.Is(err, chain.ErrCorrupt) {
				t.Errorf("events %v, error %v", events, err)
			}
		})
	}
	for _, events := range chaintest.Every() { // and nothing that is cut short
		b, err := chain.AppendEvents(nil, events)
		chaintest.Must(t, err)
		for n := range b {
			if _, err := chain.DecodeEvents(b[:n]); !errors.Is(err, chain.ErrCorrupt) {
				t.Fatalf("%d of %d bytes: error %v", n, len(b), err)
			}
		}
	}
}

// noticeOf is what follows the form of a notice of that record.
func noticeOf(record, length string) string {
	return hex.EncodeToString(make([]byte, 16)) + record + "00" + length
}

func TestDecodingAllocatesASmallMultipleOfItsInput(t *testing.T) {
	hostile := append([]byte{0xff, 0xff, 0xff, 0x7f}, bytes.Repeat([]byte{4, 0, 0}, 300_000)...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := chain.DecodeEvents(hostile)
	runtime.ReadMemStats(&after)
	if err == nil {
		t.Error("more events than bytes were decoded")
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 64*uint64(len(hostile)) {
		t.Errorf("%d bytes for %d", n, len(hostile))
	}
}

func FuzzDecodeEvents(f *testing.F) {
	for _, events := range chaintest.Every() {
		b, err := chain.AppendEvents(nil, events)
		chaintest.Must(f, err)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		events, err := chain.DecodeEvents(b)
		if err != nil {
			return
		}
		again, err := chain.AppendEvents(nil, events)
		chaintest.Must(t, err)
		if !bytes.Equal(again, b) {
			t.Errorf("encoded again as %x", again)
		}
	})
}

func FuzzDecodeStored(f *testing.F) {
	for i, events := range chaintest.Every() {
		s, err := chain.Store(chain.Record{Actor: chaintest.ID(1), Number: uint64(i), Epoch: 2, Events: events})
		chaintest.Must(f, err)
		f.Add(s.Append(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, rest, err := chain.DecodeStored(b)
		if err != nil {
			return
		}
		if again := s.Append(nil); !bytes.Equal(append(again, rest...), b) {
			t.Errorf("encoded again as %x", again)
		}
		if r, err := s.Record(chain.Hash{}); err == nil {
			if again, err := chain.Store(r); err != nil || !reflect.DeepEqual(again, s) {
				t.Errorf("stored again as %+v (%v)", again, err)
			}
		}
	})
}

func FuzzDecodeSummary(f *testing.F) {
	var s chain.Summary
	s.Apply(chaintest.Genesis(chaintest.ID(1), chaintest.Sum(1)))
	f.Add(s.Append(nil))
	s.Folder = "/srv"
	f.Add(s.Append(nil))
	s.Checkpoints[0] = chain.Marker{Record: 3, Sum: chaintest.Sum(4)}
	f.Add(s.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := chain.DecodeSummary(b); err == nil && !bytes.Equal(s.Append(nil), b) {
			t.Errorf("encoded again as %x", s.Append(nil))
		}
	})
}
