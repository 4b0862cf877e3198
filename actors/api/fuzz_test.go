package api_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/theater-go/theater/actors/api"
)

// FuzzRequests has any bytes as a request of each method that a client may read
// with. None brings the node down, and each is answered.
func FuzzRequests(f *testing.F) {
	s := open(f)
	s.spawn("echo", echo(), "")
	s.server.Close() // so that what follows does not
	var names []string
	for name := range scopes {
		names = append(names, name)
	}
	slices.Sort(names)
	kinds := []string{"application/json", "application/proto", "application/connect+json", "application/connect+proto", "application/grpc", "application/grpc-web+proto"}
	f.Add(uint8(0), uint8(0), []byte(`{"target":"/echo"}`), "")
	f.Add(uint8(3), uint8(2), []byte("\x00\x00\x00\x00\x02{}"), "1")
	f.Add(uint8(5), uint8(1), []byte("\x0a\x05/echo"), "9999999999")
	f.Add(uint8(9), uint8(4), []byte("\x00\x00\x00\x00\x00"), "1S")
	handler := s.server.Handler(api.ViaSocket)
	f.Fuzz(func(t *testing.T, method, kind uint8, body []byte, timeout string) {
		name := names[int(method)%len(names)]
		if name == "NodeService/Shutdown" {
			return
		}
		r := httptest.NewRequestWithContext(s.server.Context(), http.MethodPost, "/theater.v1."+name, bytes.NewReader(body))
		r.Header.Set("Content-Type", kinds[int(kind)%len(kinds)])
		r.Header.Set("Connect-Timeout-Ms", timeout)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code == http.StatusInternalServerError || w.Code == 0 {
			t.Errorf("%s answers %d %s", name, w.Code, w.Body)
		}
	})
}
