package message_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/theater-go/theater/wasm/guest/guesttest"
	"github.com/theater-go/theater/wasm/guest/internal/abi"
	"github.com/theater-go/theater/wasm/guest/message"
	"github.com/theater-go/theater/wasm/pack"
)

// desk is the state of the actor under test, which keeps requests until a
// message settles them.
type desk struct {
	Waiting []string
	Seen    []string
}

// request answers "now" at once and keeps everything else.
func (d *desk) request(id string, body []byte) error {
	if string(body) == "now" {
		return message.Respond(id, []byte("here you are"))
	}
	d.Waiting = append(d.Waiting, id)
	return nil
}

// send takes "verb argument".
func (d *desk) send(body []byte) error {
	verb, argument, _ := strings.Cut(string(body), " ")
	d.Seen = append(d.Seen, verb)
	switch verb {
	case "answer":
		id := d.Waiting[0]
		d.Waiting = d.Waiting[1:]
		return message.Respond(id, []byte(argument))
	case "answer-and-fail":
		return errors.Join(message.Respond(d.Waiting[0], []byte(argument)), errors.New("changed my mind"))
	case "cancel":
		return message.Cancel(argument)
	case "list":
		d.Seen = message.Outstanding()
	case "tell":
		return message.Send("/peer", []byte(argument))
	case "ask":
		answer, err := message.Request("/peer", []byte(argument))
		d.Seen = append(d.Seen, string(answer))
		return err
	}
	return nil
}

func init() {
	message.HandleSend((*desk).send)
	message.HandleDeferred((*desk).request)
}

// outstanding makes a request that is kept, and returns its id.
func outstanding(t *testing.T, actor *guesttest.Actor) string {
	t.Helper()
	_, err := actor.Request("later")
	var kept *guesttest.Outstanding
	if !errors.As(err, &kept) {
		t.Fatalf("request: %v", err)
	}
	return kept.ID
}

func seen(actor *guesttest.Actor) []string {
	var d desk
	actor.State(&d)
	return d.Seen
}

func TestADeferredRequestIsAnsweredInItsOwnTurn(t *testing.T) {
	if answer, err := guesttest.Start(t, "").Request("now"); err != nil || answer != "here you are" {
		t.Errorf("answer: %q, %v", answer, err)
	}
}

func TestADeferredRequestIsAnsweredInALaterTurn(t *testing.T) {
	actor := guesttest.Start(t, "")
	id := outstanding(t, actor)
	if err := actor.Send("answer it took a while"); err != nil {
		t.Fatal(err)
	}
	if got := actor.Answers[id]; got != "it took a while" {
		t.Errorf("answer: %q", got)
	}
}

func TestAnAnswerOfAFailedTurnDoesNotLeave(t *testing.T) {
	actor := guesttest.Start(t, "")
	id := outstanding(t, actor)
	if err := actor.Send("answer-and-fail x"); err == nil || err.Error() != "changed my mind" {
		t.Fatalf("error: %v", err)
	}
	if got, answered := actor.Answers[id]; answered {
		t.Errorf("answered with %q", got)
	}
	if err := actor.Send("answer second try"); err != nil || actor.Answers[id] != "second try" {
		t.Errorf("second try: %v, answers %v", err, actor.Answers)
	}
}

func TestOutstandingRequestsAreListedAndCancelled(t *testing.T) {
	actor := guesttest.Start(t, "")
	if err := actor.Send("list"); err != nil || len(seen(actor)) != 0 {
		t.Errorf("before: %v, %q", err, seen(actor))
	}
	first, second := outstanding(t, actor), outstanding(t, actor)
	if err := errors.Join(actor.Send("cancel "+first), actor.Send("list")); err != nil {
		t.Fatal(err)
	}
	if got := seen(actor); !slices.Equal(got, []string{second}) {
		t.Errorf("outstanding: %q, want %q", got, second)
	}
	err := actor.Send("cancel " + first)
	if err == nil || err.Error() != "Request ID not found: "+first {
		t.Errorf("cancelled twice: %v", err)
	}
}

func TestSendAndRequestReachThePeer(t *testing.T) {
	actor := guesttest.Start(t, "")
	actor.Peer = func(to, body string) (string, error) { return to + " got " + body, nil }
	if err := errors.Join(actor.Send("tell hello"), actor.Send("ask a question")); err != nil {
		t.Fatal(err)
	}
	if want := []guesttest.Message{{To: "/peer", Body: "hello"}}; !slices.Equal(actor.Sent, want) {
		t.Errorf("sent: %v", actor.Sent)
	}
	if want := []string{"tell", "ask", "/peer got a question"}; !slices.Equal(seen(actor), want) {
		t.Errorf("seen: %q", seen(actor))
	}
}

func TestAnErrorOfTheHostIsAnError(t *testing.T) {
	actor := guesttest.Start(t, "")
	if err := actor.Send("ask anyone"); err == nil || err.Error() != "Actor not found: /peer" {
		t.Errorf("error: %v", err)
	}
	if got := seen(actor); len(got) != 0 {
		t.Errorf("a failed turn changed the state: %q", got)
	}
}

func TestATextThatNothingTakesIsRefused(t *testing.T) {
	const want = `the initial state is the text "/peer", which this actor does not take: handle it with guest.Init`
	if err := guesttest.New(t).Init("/peer"); err == nil || err.Error() != want {
		t.Errorf("error: %v", err)
	}
}

func TestAKeptStateIsTakenWithoutAnInitHandler(t *testing.T) {
	actor := guesttest.New(t)
	if err := actor.InitWith(desk{Seen: []string{"before"}}); err != nil || !slices.Equal(seen(actor), []string{"before"}) {
		t.Errorf("init: %v, seen %q", err, seen(actor))
	}
}

func TestMistakesOfTheAuthorPanic(t *testing.T) {
	for name, c := range map[string]struct {
		mistake func()
		want    string
	}{
		"two handlers": {
			func() { message.HandleSend((*desk).send) },
			"guest: two handlers for theater:simple/message-server-client.handle-send",
		},
		"a second kind of request handler": {
			func() { message.HandleRequest(func(*desk, []byte) ([]byte, error) { return nil, nil }) },
			"guest: two handlers for theater:simple/message-server-client.handle-request",
		},
		"another state": {
			func() { message.HandleSend(func(*int, []byte) error { return nil }) },
			"guest: the handlers disagree about the state: message_test.desk and int",
		},
		"a state that would be lost": {
			func() { message.HandleSend(func(*struct{ count int }, []byte) error { return nil }) },
			"guest: field count of struct { count int } is not exported, so it would not be kept from turn to turn: export it, or tag it `pack:\"-\"`",
		},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if got := fmt.Sprint(recover()); got != c.want {
					t.Errorf("panic: %s; want %s", got, c.want)
				}
			}()
			c.mistake()
		})
	}
}

// hostPact is the interface as hosts declare it, channels included.
const hostPact = `interface message-server-host {
@package: string = "theater:simple"
exports {
register: func() -> result<_, string>
send: func(actor-id: string, msg: list<u8>) -> result<_, string>
request: func(actor-id: string, msg: list<u8>) -> result<list<u8>, string>
list-outstanding-requests: func() -> list<string>
respond-to-request: func(request-id: string, response: list<u8>) -> result<_, string>
cancel-request: func(request-id: string) -> result<_, string>
open-channel: func(actor-id: string, initial-msg: list<u8>) -> result<string, string>
send-on-channel: func(channel-id: string, msg: list<u8>) -> result<_, string>
close-channel: func(channel-id: string) -> result<_, string>
}
}`

func TestTheMetadataClaimsAPartOfWhatHostsDeclare(t *testing.T) {
	encoded, err := abi.Metadata().Encode()
	if err != nil {
		t.Fatal(err)
	}
	m, err := pack.DecodeMetadata(encoded)
	if err != nil {
		t.Fatal(err)
	}
	var imported []string
	for _, f := range m.Imports {
		if f.Interface == "theater:simple/message-server-host" {
			imported = append(imported, f.Name)
		}
	}
	want, missing := pack.MustParsePact(hostPact).SubsetHash(imported...)
	if len(imported) == 0 || len(missing) > 0 {
		t.Fatalf("imports %q, missing %q", imported, missing)
	}
	if len(m.ImportHashes) != 1 || m.ImportHashes[0] != (pack.InterfaceHash{Name: "theater:simple/message-server-host", Hash: want}) {
		t.Errorf("import hashes: %v", m.ImportHashes)
	}
	var exported []string
	for _, f := range m.Exports {
		exported = append(exported, f.Interface+"."+f.Name)
	}
	if want := []string{
		"theater:simple/actor.init",
		"theater:simple/message-server-client.handle-send",
		"theater:simple/message-server-client.handle-request",
	}; !slices.Equal(exported, want) {
		t.Errorf("exports: %q", exported)
	}
}
