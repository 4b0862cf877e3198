package api_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/theater-go/theater/actors/api"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// rawAnswer is what curl would see.
type rawAnswer struct {
	status int
	header http.Header
	body   []byte
}

// post sends a body as curl does.
func (s *stage) post(path, body string, header ...string) rawAnswer {
	s.t.Helper()
	return s.send(http.MethodPost, path, strings.NewReader(body), header...)
}

// send sends any request; a header that is not given is that of JSON.
func (s *stage) send(method, path string, body io.Reader, header ...string) rawAnswer {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.ctx(), method, "http://node"+path, body)
	check(s.t, err)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	transport := s.transport()
	defer transport.CloseIdleConnections()
	answer, err := transport.RoundTrip(r)
	check(s.t, err)
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	check(s.t, err)
	for name, values := range answer.Trailer {
		answer.Header[name] = values
	}
	return rawAnswer{answer.StatusCode, answer.Header, b}
}

// info is the ErrorInfo of an error, whatever protocol it came by.
func (a rawAnswer) info(t testing.TB) *theaterv1.ErrorInfo {
	t.Helper()
	var body struct {
		Details []struct{ Type, Value string }
	}
	text := a.body
	if a.header.Get("Grpc-Status-Details-Bin") != "" {
		return a.grpc(t)
	}
	if strings.HasPrefix(a.header.Get("Content-Type"), "application/connect+") && len(text) > 5 { // the end of a stream
		var end struct{ Error json.RawMessage }
		check(t, json.Unmarshal(text[5:], &end))
		text = end.Error
	}
	if err := json.Unmarshal(text, &body); err != nil || len(body.Details) != 1 || body.Details[0].Type != "theater.v1.ErrorInfo" {
		t.Fatalf("an answer %d without ErrorInfo: %q, %v", a.status, a.body, err)
	}
	return infoOf(t, body.Details[0].Value)
}

func infoOf(t testing.TB, value string) *theaterv1.ErrorInfo {
	t.Helper()
	b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(value, "="))
	check(t, err)
	info := &theaterv1.ErrorInfo{}
	check(t, proto.Unmarshal(b, info))
	return info
}

// grpc finds it in the trailer: a google.rpc.Status, whose details are its third
// field, of Any, whose value is the second.
func (a rawAnswer) grpc(t testing.TB) *theaterv1.ErrorInfo {
	t.Helper()
	b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(a.header.Get("Grpc-Status-Details-Bin"), "="))
	check(t, err)
	at := bytes.Index(b, []byte("theater.v1.ErrorInfo"))
	if at < 0 {
		t.Fatalf("the details are %q", b)
	}
	info := &theaterv1.ErrorInfo{}
	check(t, proto.Unmarshal(b[at+len("theater.v1.ErrorInfo")+2:], info))
	return info
}

// refused requires a status and a code.
func (a rawAnswer) refused(t testing.TB, status int, code string) {
	t.Helper()
	if info := a.info(t); a.status != status || info.Code != code {
		t.Errorf("the answer is %d %s: %q; want %d %s", a.status, info.Code, a.body, status, code)
	}
	seen(code)
}

func TestCurlIsEnough(t *testing.T) {
	s := open(t)
	dir := s.folder("echo", echo(), grants)
	spawned := s.post("/theater.v1.ActorService/Spawn", `{"path":"`+dir+`"}`)
	if !strings.Contains(string(spawned.body), `"path":"/echo"`) || spawned.status != http.StatusOK {
		t.Errorf("a spawn gives %d %s", spawned.status, spawned.body)
	}
	answer := s.post("/theater.v1.MessageService/Request", `{"target":"/echo","body":"aGVsbG8="}`)
	if string(answer.body) != `{"body":"aGVsbG8="}` {
		t.Errorf("a request gives %d %s", answer.status, answer.body)
	}
	if a := s.post("/theater.v1.NodeService/Health", "{}", "Content-Type", "Application/JSON; charset=UTF-8"); a.status != http.StatusOK {
		t.Errorf("with a charset it is answered %d %s", a.status, a.body)
	}
	s.post("/theater.v1.ActorService/Inspect", `{"target":"/none"}`).refused(t, http.StatusNotFound, api.CodeNoActor)
}
