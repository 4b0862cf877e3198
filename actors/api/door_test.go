package api_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/theater-go/theater/actors/api"
	"github.com/theater-go/theater/chain"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

const (
	listPath   = "/theater.v1.ActorService/List"
	eventsPath = "/theater.v1.ChainService/Events"
	sendPath   = "/theater.v1.MessageService/Send"
)

func TestARequestThatCannotBeReadIsMalformed(t *testing.T) {
	s := open(t)
	random := make([]byte, 4096)
	for i := range random {
		random[i] = byte(rand.Uint32())
	}
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, err := io.CopyN(z, zeros{}, 64<<20)
	check(t, errors.Join(err, z.Close()))
	envelope := func(flags byte, length uint32, body string) string {
		return string([]byte{flags, byte(length >> 24), byte(length >> 16), byte(length >> 8), byte(length)}) + body
	}
	for name, c := range map[string]struct {
		path, body string
		header     []string
	}{
		"no JSON":                        {listPath, "{", nil},
		"nothing":                        {listPath, "", nil},
		"another JSON":                   {listPath, `[1,2]`, nil},
		"JSON of another type":           {listPath, `{"pageSize":"many"}`, nil},
		"JSON with an unknown field":     {listPath, `{"nonsense":1}`, nil},
		"JSON with bytes behind it":      {listPath, `{} {}`, nil},
		"JSON with a field twice":        {listPath, `{"pageSize":1,"pageSize":2}`, nil},
		"JSON that is nested deeply":     {listPath, strings.Repeat(`{"filter":`, 100_000), nil},
		"lists that are nested deeply":   {listPath, `{"filter":{"statuses":` + strings.Repeat("[", 100_000), nil},
		"text that is no UTF-8":          {listPath, "{\"pageToken\":\"\xff\"}", nil},
		"a lone surrogate":               {listPath, `{"pageToken":"\ud800"}`, nil},
		"random bytes as JSON":           {listPath, string(random), nil},
		"random bytes":                   {listPath, string(random), []string{"Content-Type", "application/proto"}},
		"a field that is cut off":        {listPath, "\x0a\x7f", []string{"Content-Type", "application/proto"}},
		"a field of no UTF-8":            {listPath, "\x1a\x01\xff", []string{"Content-Type", "application/proto"}},
		"a length beyond the end":        {listPath, "\x0a\xff\xff\xff\xff\x0f", []string{"Content-Type", "application/proto"}},
		"no content type":                {listPath, "{}", []string{"Content-Type", ""}},
		"a form":                         {listPath, "a=b", []string{"Content-Type", "application/x-www-form-urlencoded"}},
		"XML":                            {listPath, "<a/>", []string{"Content-Type", "text/xml"}},
		"another charset":                {listPath, "{}", []string{"Content-Type", "application/json; charset=latin1"}},
		"an unknown parameter":           {listPath, "{}", []string{"Content-Type", "application/json; version=2"}},
		"a charset where there is none":  {listPath, "", []string{"Content-Type", "application/proto; charset=utf-8"}},
		"a content type that is none":    {listPath, "{}", []string{"Content-Type", "application/json; ="}},
		"a stream where there is none":   {listPath, "{}", []string{"Content-Type", "application/connect+json"}},
		"no stream where there is one":   {eventsPath, "{}", nil},
		"a stream without a message":     {eventsPath, "", []string{"Content-Type", "application/connect+json"}},
		"a message that is cut off":      {eventsPath, envelope(0, 10, "{}"), []string{"Content-Type", "application/connect+json"}},
		"a message of 4 GiB":             {eventsPath, envelope(0, 1<<32-1, "{}"), []string{"Content-Type", "application/connect+json"}},
		"two messages":                   {eventsPath, envelope(0, 2, "{}") + envelope(0, 2, "{}"), []string{"Content-Type", "application/connect+json"}},
		"a message that is compressed":   {eventsPath, envelope(1, 2, "{}"), []string{"Content-Type", "application/connect+json"}},
		"a stream of bad JSON":           {eventsPath, envelope(0, 1, "{"), []string{"Content-Type", "application/connect+json"}},
		"gRPC without a message":         {listPath, "abc", []string{"Content-Type", "application/grpc"}},
		"gRPC-Web with a bad message":    {listPath, envelope(0, 2, "\x0a\x7f"), []string{"Content-Type", "application/grpc-web+proto"}},
		"a bomb of gzip":                 {listPath, bomb.String(), []string{"Content-Encoding", "gzip"}},
		"a bomb in gRPC":                 {listPath, envelope(1, uint32(bomb.Len()), bomb.String()), []string{"Content-Type", "application/grpc", "Grpc-Encoding", "gzip"}},
		"a bomb in a stream":             {eventsPath, envelope(1, uint32(bomb.Len()), bomb.String()), []string{"Content-Type", "application/connect+proto", "Connect-Content-Encoding", "gzip"}},
		"a time that is none":            {listPath, "{}", []string{"Connect-Timeout-Ms", "soon"}},
		"a time below zero":              {listPath, "{}", []string{"Connect-Timeout-Ms", "-1"}},
		"a time beyond all":              {listPath, "{}", []string{"Connect-Timeout-Ms", "99999999999"}},
		"a time of gRPC without a unit":  {listPath, envelope(0, 0, ""), []string{"Content-Type", "application/grpc", "Grpc-Timeout", "10"}},
		"a time of gRPC that is a unit":  {listPath, envelope(0, 0, ""), []string{"Content-Type", "application/grpc", "Grpc-Timeout", "S"}},
		"a version that is to come":      {listPath, "{}", []string{"Connect-Protocol-Version", "2"}},
		"a number beyond all in a field": {listPath, `{"pageSize":1e99}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			a := s.post(c.path, c.body, c.header...)
			if info := a.info(t); info.Code != api.CodeMalformed {
				t.Errorf("it is %d %s: %.300q", a.status, info.Code, a.body)
			}
			seen(api.CodeMalformed)
		})
	}
	s.send(http.MethodGet, listPath, http.NoBody).refused(t, http.StatusBadRequest, api.CodeMalformed)
	s.send(http.MethodOptions, listPath, http.NoBody).refused(t, http.StatusBadRequest, api.CodeMalformed)
	for _, path := range []string{"/", "/theater.v1.ActorService/Nonsense", "/theater.v1.ActorService", "/theater.v2.ActorService/List", "/../etc/passwd"} {
		s.post(path, "{}").refused(t, http.StatusNotImplemented, api.CodeNoMethod)
	}
	if list := s.post(listPath, "{}"); list.status != http.StatusOK {
		t.Errorf("after all of that a list gives %d", list.status)
	}
}

// zeros has no end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestAFieldThatIsWrongIsNamed(t *testing.T) {
	s := open(t)
	for body, field := range map[string]string{
		`{"filter":{"statuses":["dead"]}}`: "filter.statuses", `{"filter":{"under":"/none"}}`: "filter.under",
		`{"pageToken":"x"}`: "pageToken",
	} {
		if info := s.post(listPath, body).info(t); info.Field != field {
			t.Errorf("%s is %s of %q", body, info.Code, info.Field)
		}
	}
	stop := s.post("/theater.v1.ActorService/Stop", `{"target":"/a","timeout":"-1s"}`)
	if info := stop.info(t); info.Code != api.CodeInvalid || info.Field != "timeout" {
		t.Errorf("a time below zero is %v", info)
	}
}

func TestARequestThatIsTooLargeIsRefusedBeforeItIsRead(t *testing.T) {
	s := open(t, func(c *api.Config) { c.Limits = api.Limits{RequestBytes: 1000, BundleBytes: 2000} })
	body := `{"target":"/a","body":"` + strings.Repeat("A", 1200) + `"}`
	s.post(sendPath, body).refused(t, http.StatusTooManyRequests, api.CodeTooLarge)
	unsized := io.MultiReader(strings.NewReader(body), strings.NewReader(strings.Repeat(" ", 100_000)))
	s.send(http.MethodPost, sendPath, unsized).refused(t, http.StatusTooManyRequests, api.CodeTooLarge)
	spawn := `{"path":"` + strings.Repeat("a", 1200) + `"}`
	s.post("/theater.v1.ActorService/Spawn", spawn).refused(t, http.StatusBadRequest, api.CodeManifest)
	s.post("/theater.v1.ActorService/Spawn", spawn+strings.Repeat(" ", 2000)).refused(t, http.StatusTooManyRequests, api.CodeTooLarge)
}

func TestAHeaderThatIsTooLargeIsRefused(t *testing.T) {
	s := open(t, func(c *api.Config) { c.Limits = api.Limits{HeaderBytes: 4096} })
	a := s.post(listPath, "{}", "X-Large", strings.Repeat("a", 64<<10))
	if a.status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("it is answered with %d", a.status)
	}
}

func TestASlowClientIsCutOff(t *testing.T) {
	s := open(t, func(c *api.Config) {
		c.Limits = api.Limits{HeaderTime: 250 * time.Millisecond, BodyTime: 250 * time.Millisecond, IdleTime: 250 * time.Millisecond}
	})
	for name, c := range map[string]struct{ sent, wants string }{
		"that sends no header":          {"", ""},
		"that sends a part of a header": {"POST " + listPath + " HTTP/1.1\r\nHost: node\r\nX-", ""},
		"that sends a part of a body": {"POST " + listPath + " HTTP/1.1\r\nHost: node\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
			"HTTP/1.1 504 Gateway Timeout"},
		"that opens HTTP/2 and is silent": {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\x00"},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("unix", s.socket)
			check(t, err)
			defer conn.Close()
			check(t, conn.SetDeadline(time.Now().Add(patience)))
			_, err = conn.Write([]byte(c.sent))
			check(t, err)
			answer, err := io.ReadAll(conn) // until the node closes the connection
			if err != nil || !strings.HasPrefix(string(answer), c.wants) {
				t.Errorf("it is answered %q, %v", answer, err)
			}
			if c.wants != "" && c.wants != "\x00" && !strings.Contains(string(answer), "theater.v1.ErrorInfo") {
				t.Errorf("the answer has no ErrorInfo: %q", answer)
			}
		})
	}
	seen(api.CodeSlow)
}

func TestAClientThatTakesNothingIsCutOff(t *testing.T) {
	s := open(t, func(c *api.Config) { c.Limits = api.Limits{WriteTime: 50 * time.Millisecond, Streams: 1} })
	s.spawn("echo", echo(), "")
	for range 300 {
		s.ask("/echo", strings.Repeat("a", 3500))
	}
	conn, err := net.Dial("unix", s.socket)
	check(t, err)
	defer conn.Close()
	const request = `{"target":"/echo"}`
	_, err = fmt.Fprintf(conn, "POST /theater.v1.ChainService/Records HTTP/1.1\r\nHost: node\r\nContent-Type: application/connect+json\r\nContent-Length: %d\r\n\r\n\x00\x00\x00\x00%c%s",
		len(request)+5, len(request), request)
	check(t, err)
	first := make([]byte, 1)
	if _, err := conn.Read(first); err != nil {
		t.Fatal(err)
	}
	busy := 0
	s.eventually("there is room for another stream", func() bool {
		stream, err := s.Actors.Watch(s.ctx(), &theaterv1.WatchRequest{})
		check(t, err)
		defer stream.Close()
		if stream.Receive() {
			return true
		}
		refuses(t, stream.Err(), api.CodeBusy, "")
		busy++
		return false
	})
	if busy == 0 {
		t.Error("the first stream was not in the way: nothing was shown")
	}
}

func TestAClientIsHeldToItsRate(t *testing.T) {
	now := time.Unix(1000, 0)
	s := open(t, func(c *api.Config) {
		c.Limits = api.Limits{Rate: 0.5, Burst: 2}
		c.Now = func() time.Time { return now }
	})
	for range 2 {
		if a := s.post(listPath, "{}"); a.status != http.StatusOK {
			t.Fatalf("it is answered with %d %s", a.status, a.body)
		}
	}
	a := s.post(listPath, "{}")
	a.refused(t, http.StatusTooManyRequests, api.CodeRate)
	if retry := a.info(t).RetryAfter.AsDuration(); retry != 2*time.Second {
		t.Errorf("it is to try again after %s", retry)
	}
}

func TestStreamsAndCallsAreCounted(t *testing.T) {
	s := open(t, func(c *api.Config) { c.Limits = api.Limits{Streams: 1, Calls: 1, Room: 500} })
	stream, err := s.Actors.Watch(s.ctx(), &theaterv1.WatchRequest{})
	check(t, err)
	if !stream.Receive() {
		t.Fatal(stream.Err())
	}
	second, err := s.Actors.Watch(s.ctx(), &theaterv1.WatchRequest{})
	check(t, err)
	second.Receive()
	refuses(t, second.Err(), api.CodeBusy, "")
	check(t, errors.Join(stream.Close(), second.Close()))

	s.post(listPath, strings.Repeat(" ", 600)+"{}").refused(t, http.StatusTooManyRequests, api.CodeBusy)

	s.spawn("echo", echo(), spins)
	ctx, cancel := context.WithCancel(s.ctx())
	told := make(chan error, 1)
	go func() {
		_, err := s.Messages.Request(ctx, &theaterv1.RequestRequest{Target: "/echo", Body: []byte("~")})
		told <- err
	}()
	s.eventually("it is called", func() bool { return s.server.Calls() == 1 })
	s.post(listPath, "{}").refused(t, http.StatusTooManyRequests, api.CodeBusy)
	cancel()
	refuses(t, <-told, api.CodeCancelled, "")
	s.eventually("it has made room", func() bool { return s.server.Calls() == 0 })
	_, err = s.Actors.Kill(s.ctx(), &theaterv1.KillRequest{Target: "/echo"})
	check(t, err)
}

func TestTimeIsUp(t *testing.T) {
	s := open(t, func(c *api.Config) { c.Limits = api.Limits{CallTime: 50 * time.Millisecond} })
	ref := s.spawn("echo", echo(), spins)
	request := `{"target":"/echo","body":"fg=="}`
	s.post("/theater.v1.MessageService/Request", request).refused(t, http.StatusGatewayTimeout, api.CodeDeadline)
	s.post("/theater.v1.MessageService/Request", request, "Connect-Timeout-Ms", "1").refused(t, http.StatusGatewayTimeout, api.CodeDeadline)
	_, err := s.node.System.Kill(s.ctx(), ref) // which has its own time
	check(t, err)
}

func TestAPanicIsTheErrorOfItsCall(t *testing.T) {
	s := open(t, func(c *api.Config) { c.Log = broken{c.Log} })
	s.post("/theater.v1.ChainService/ListChains", "{}").refused(t, http.StatusInternalServerError, api.CodeInternal)
	stream, err := s.Chain.GetBlob(s.ctx(), &theaterv1.GetBlobRequest{Sha256: (chain.Hash{1}).String()})
	check(t, err)
	stream.Receive()
	refuses(t, stream.Err(), api.CodeInternal, "")
	s.post("/theater.v1.ChainService/GetChain", `{"target":"00000000-0000-0000-0000-000000000001"}`).refused(t, http.StatusInternalServerError, api.CodeCorrupt)
	s.spawn("echo", echo(), "")
	if a := s.post(listPath, "{}"); a.status != http.StatusOK {
		t.Errorf("after that a list gives %d", a.status)
	}
}

// broken is a log that does not work.
type broken struct{ chain.Tailer }

func (broken) Actors(context.Context) iter.Seq2[chain.Summary, error] { panic("this log is broken") }

func (broken) Blob(context.Context, chain.Hash) ([]byte, error) { panic("this log is broken") }

func (broken) Summary(context.Context, chain.ID) (chain.Summary, error) {
	return chain.Summary{}, chain.ErrCorrupt
}
