package api_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/api"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

func TestAWatchTellsWhatBecomesOfActors(t *testing.T) {
	s := open(t)
	s.spawn("before", echo(), "")
	stream, err := s.Actors.Watch(s.ctx(), &theaterv1.WatchRequest{Under: "/echo"})
	check(t, err)
	defer stream.Close()
	if !stream.Receive() || stream.Msg().Change != nil {
		t.Fatalf("it begins with %v, %v", stream.Msg(), stream.Err())
	}
	s.spawn("echo-other", echo(), "")
	s.spawn("echo", echo(), "")
	_, err = s.Messages.Request(s.ctx(), &theaterv1.RequestRequest{Target: "/echo", Body: []byte("!")})
	refuses(t, err, api.CodeGuestFailed, "")
	var got []string
	for len(got) < 3 && stream.Receive() {
		c := stream.Msg().Change
		got = append(got, fmt.Sprint(c.Path, " ", c.What, " ", c.Exit.GetTrap().GetKind()))
		if c.Time == nil || stream.Msg().Missed != 0 {
			t.Errorf("a change is %v", stream.Msg())
		}
	}
	if want := "[/echo started  /echo failed unreachable /echo gone unreachable]"; fmt.Sprint(got) != want {
		t.Errorf("it tells %s, %v", got, stream.Err())
	}
	s.server.Close()
	for stream.Receive() {
	}
	refuses(t, stream.Err(), api.CodeStopping, "")
}

// lines reads what Logs tells until there are so many lines, or no more.
func (s *stage) logs(most int, r *theaterv1.LogsRequest) (texts []string, missed uint64) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.ctx())
	defer cancel()
	stream, err := s.Actors.Logs(ctx, r)
	check(s.t, err)
	defer stream.Close()
	for len(texts) < most && stream.Receive() {
		missed += stream.Msg().Missed
		if l := stream.Msg().Line; l != nil {
			texts = append(texts, l.Path+" "+l.Stream+" "+l.Text)
		}
	}
	if len(texts) < most {
		check(s.t, stream.Err())
	}
	return texts, missed
}

func TestLogsAreRememberedAndFollowed(t *testing.T) {
	s := open(t)
	ref := s.spawn("echo", echo(), "")
	s.lines.Add(actors.Line{Actor: ref.ID, Path: "/other", Stream: "stdout", Text: "x\xff"})
	for range 2 {
		_, err := s.Messages.Send(s.ctx(), &theaterv1.SendRequest{Target: "/echo", Body: []byte("l")})
		check(t, err)
	}
	s.eventually("the lines are there", func() bool {
		lines, _ := s.logs(4, &theaterv1.LogsRequest{})
		return len(lines) == 3
	})
	for name, c := range map[string]struct {
		request *theaterv1.LogsRequest
		want    string
	}{
		"all of them":   {&theaterv1.LogsRequest{}, "[/other stdout x\uFFFD /echo log a line /echo log a line]"},
		"the newest":    {&theaterv1.LogsRequest{Tail: new(uint32(1))}, "[/echo log a line]"},
		"none":          {&theaterv1.LogsRequest{Tail: new(uint32(0))}, "[]"},
		"of one stream": {&theaterv1.LogsRequest{Streams: []string{"stdout"}}, "[/other stdout x\uFFFD]"},
		"of one actor":  {&theaterv1.LogsRequest{Under: "/other"}, "[/other stdout x\uFFFD]"},
		"of an id":      {&theaterv1.LogsRequest{Under: ref.ID.String()}, "[/echo log a line /echo log a line]"},
	} {
		t.Run(name, func(t *testing.T) {
			if got, _ := s.logs(10, c.request); fmt.Sprint(got) != c.want {
				t.Errorf("the lines are %q", got)
			}
		})
	}
	ctx, cancel := context.WithCancel(s.ctx())
	defer cancel()
	stream, err := s.Actors.Logs(ctx, &theaterv1.LogsRequest{Follow: true, Tail: new(uint32(0))})
	check(t, err)
	defer stream.Close()
	if !stream.Receive() || stream.Msg().Line != nil {
		t.Fatalf("it begins with %v, %v", stream.Msg(), stream.Err())
	}
	s.lines.Add(actors.Line{Path: "/late", Text: "more"})
	if !stream.Receive() || stream.Msg().Line.GetPath() != "/late" {
		t.Errorf("it goes on with %v, %v", stream.Msg(), stream.Err())
	}
	stream2, err := s.Actors.Logs(s.ctx(), &theaterv1.LogsRequest{Streams: []string{"x"}})
	check(t, err)
	stream2.Receive()
	refuses(t, stream2.Err(), api.CodeInvalid, "streams")
}

// follow begins to read lines of Logs as they come, and takes none but at its calls.
func (s *stage) follow(request string) *bufio.Reader {
	s.t.Helper()
	conn, err := net.Dial("unix", s.socket)
	check(s.t, err)
	s.t.Cleanup(func() { conn.Close() })
	check(s.t, conn.SetDeadline(time.Now().Add(patience)))
	_, err = fmt.Fprintf(conn, "POST /theater.v1.ActorService/Logs HTTP/1.1\r\nHost: node\r\nContent-Type: application/connect+json\r\nContent-Length: %d\r\n\r\n\x00\x00\x00\x00%c%s",
		len(request)+5, len(request), request)
	check(s.t, err)
	return bufio.NewReader(conn)
}

// reads reads until a text has come, and returns all up to it.
func (s *stage) reads(r *bufio.Reader, text string) string {
	s.t.Helper()
	var b strings.Builder
	for !strings.HasSuffix(b.String(), text) {
		c, err := r.ReadByte()
		check(s.t, err)
		b.WriteByte(c)
	}
	return b.String()
}

func TestWhatIsMissedIsToldAlsoWhenNothingOfItIsWanted(t *testing.T) {
	lines := api.NewJournal(api.JournalConfig{Lines: 1000})
	s := open(t, func(c *api.Config) { c.Lines = lines })
	r := s.follow(`{"under":"/a","follow":true}`)
	s.reads(r, "{}")
	lines.Add(actors.Line{Path: "/a", Stream: "log", Text: "begins" + strings.Repeat("x", 1<<20)})
	s.reads(r, "begins") // and the node has the rest to send
	for range 1500 {
		lines.Add(actors.Line{Path: "/b", Stream: "log", Text: "not wanted"})
	}
	s.reads(r, "x\"}}")
	lines.Add(actors.Line{Path: "/a", Stream: "log", Text: "ends"})
	if told := s.reads(r, "ends"); !strings.Contains(told, `"missed":"500"`) && !strings.Contains(told, `"missed":"501"`) {
		t.Errorf("it tells %q", told)
	}
}
