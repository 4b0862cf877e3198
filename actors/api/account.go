package api

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// Answered is a call that was answered.
type Answered struct {
	Method string // theater.v1.ActorService/List; "unknown" for one that there is not
	Code   string // that of the error, "ok" for none
	Took   time.Duration
	Stream bool // it went on for as long as there was something to say
}

// unknownMethod is the name of all methods that there are not, so that no client can
// make up many.
const unknownMethod = "unknown"

type accountKey struct{}

// account is what becomes of a call.
type account struct{ code string }

// counted has Config.Answered told of a call once it is answered.
func (s *Server) counted(r *http.Request) (*http.Request, func()) {
	if s.Answered == nil {
		return r, func() {}
	}
	a, begun := &account{code: "ok"}, s.Now()
	told := Answered{Method: unknownMethod}
	if m := s.methods[r.URL.Path]; m != nil {
		told.Method, told.Stream = strings.TrimPrefix(r.URL.Path, "/"), m.stream
	}
	return r.WithContext(context.WithValue(r.Context(), accountKey{}, a)), func() {
		told.Code, told.Took = a.code, s.Now().Sub(begun)
		s.Answered(told)
	}
}

// noted is the refusal, as that with which the call of the context ends.
func (r *refusal) noted(ctx context.Context) *refusal {
	if a, ok := ctx.Value(accountKey{}).(*account); ok {
		a.code = r.code
	}
	return r
}
