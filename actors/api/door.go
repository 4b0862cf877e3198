package api

import (
	"context"
	"errors"
	"fmt"
	"math"
	"mime"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// Handler answers the calls that come by one way. What is not allowed, too much or
// cannot be read is refused here, before a method sees it.
func (s *Server) Handler(via Via) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w = &patientWriter{ResponseWriter: w, control: http.NewResponseController(w), time: s.Limits.WriteTime}
		s.System.Attend()
		r, count := s.counted(r)
		defer count()
		defer s.recovered(w, r)
		if err := s.enter(via, w, r); err != nil {
			s.answer(w, r, err)
		}
	})
}

// recovered answers a call whose handling has panicked.
func (s *Server) recovered(w http.ResponseWriter, r *http.Request) {
	switch p := recover(); p {
	case nil:
	case http.ErrAbortHandler:
		panic(p)
	default:
		s.answer(w, r, s.panicked(r.URL.Path, p))
	}
}

func (s *Server) panicked(procedure string, p any) error {
	s.Logger.Error("a method of the API panicked", "method", procedure, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	return refuse(CodeInternal, "the method failed; the node's log says how")
}

// answer writes an error in the words of the protocol that the client speaks.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, err error) {
	// A client that has gone hears nothing.
	_ = s.refused.Write(w, r, refusalOf(err).noted(r.Context()).wire())
}

// enter brings a call to its method.
func (s *Server) enter(via Via, w http.ResponseWriter, r *http.Request) error {
	m := s.methods[r.URL.Path]
	if m == nil {
		return refuse(CodeNoMethod, "there is no method %.200q", r.URL.Path)
	}
	who, err := s.authenticate(via, r)
	if err != nil {
		return err
	}
	if err := permit(who, m.scope); err != nil {
		return err
	}
	leave, err := s.bounds.admit(who.Name, s.Now(), m)
	if err != nil {
		return err
	}
	defer leave()
	if err := m.readable(r); err != nil {
		return err
	}
	ctx, cancel, err := s.timed(m, r)
	if err != nil {
		return err
	}
	defer cancel()
	if m.stream && via != ViaSocket {
		ctx, cancel = s.attended(ctx, via, r)
		defer cancel()
	}
	if err := s.open(ctx, m); err != nil {
		return err
	}
	body := &body{bounds: s.bounds}
	defer body.release()
	if err := s.read(w, r, m, body); err != nil {
		return err
	}
	m.handler.ServeHTTP(w, r.WithContext(sheltered(context.WithValue(ctx, principalKey{}, who))))
	return nil
}

type callKey struct{}

// sheltered hides a call's context from the library below, which answers the end of
// one in its own words, without a code of ours.
func sheltered(ctx context.Context) context.Context {
	return context.WithValue(context.WithoutCancel(ctx), callKey{}, ctx)
}

// unsheltered is the context of the call. The error says why it is over already.
func unsheltered(ctx context.Context) (context.Context, error) {
	ctx = ctx.Value(callKey{}).(context.Context)
	return ctx, context.Cause(ctx)
}

// readable says what is wrong with the header of a request.
func (m *method) readable(r *http.Request) error {
	if r.Method != http.MethodPost {
		return refuse(CodeMalformed, "the method is called by POST, not %.20s", r.Method)
	}
	for _, name := range []string{"Content-Encoding", "Connect-Content-Encoding", "Grpc-Encoding"} {
		if coding := r.Header.Get(name); coding != "" && coding != "identity" {
			return refuse(CodeMalformed, "the request is compressed by %.20q; this API takes none that is", coding)
		}
	}
	if v := r.Header.Get("Connect-Protocol-Version"); v != "" && v != "1" {
		return refuse(CodeMalformed, "version %.20q of the Connect protocol is not known here", v)
	}
	kind, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "application/json" && strings.EqualFold(parameters["charset"], "utf-8") {
		delete(parameters, "charset") // JSON has no other
	}
	if err != nil || len(parameters) > 0 || !m.speaks(kind) {
		return refuse(CodeMalformed, "the method does not take the content type %.60q", r.Header.Get("Content-Type")).hinting(m.types())
	}
	r.Header.Set("Content-Type", kind)
	return nil
}

// speaks reports whether a call may have the content type.
func (m *method) speaks(kind string) bool {
	switch kind {
	case "application/grpc", "application/grpc+proto", "application/grpc+json",
		"application/grpc-web", "application/grpc-web+proto", "application/grpc-web+json":
		return true
	case "application/proto", "application/json":
		return !m.stream
	case "application/connect+proto", "application/connect+json":
		return m.stream
	}
	return false
}

func (m *method) types() string {
	if m.stream {
		return "as a stream it takes application/connect+json, application/connect+proto, and those of gRPC and gRPC-Web"
	}
	return "it takes application/json, application/proto, and those of gRPC and gRPC-Web"
}

// timed bounds a call by what its client says, and by what the server allows.
func (s *Server) timed(m *method, r *http.Request) (context.Context, context.CancelFunc, error) {
	most, bounded, err := timeout(r.Header)
	if err != nil {
		return nil, nil, err
	}
	if !m.stream && (!bounded || most > s.Limits.CallTime) {
		most, bounded = s.Limits.CallTime, true
	}
	ctx := r.Context()
	if !bounded {
		return ctx, func() {}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, most)
	return ctx, cancel, nil
}

// timeout takes the time that a client gives its call out of the header.
func timeout(h http.Header) (time.Duration, bool, error) {
	name, unit := "Connect-Timeout-Ms", time.Millisecond
	text := h.Get(name)
	if grpc := h.Get("Grpc-Timeout"); grpc != "" {
		name = "Grpc-Timeout"
		text, unit = grpc[:len(grpc)-1], units[grpc[len(grpc)-1]]
	}
	if text == "" && name == "Connect-Timeout-Ms" {
		return 0, false, nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || len(text) > 10 || unit == 0 {
		return 0, false, refuse(CodeMalformed, "the header %s has no time", name)
	}
	h.Del(name)
	if n > uint64(time.Duration(math.MaxInt64)/unit) {
		return 0, false, nil
	}
	return time.Duration(n) * unit, true, nil
}

// units are those that a timeout of gRPC may have.
var units = map[byte]time.Duration{
	'H': time.Hour, 'M': time.Minute, 'S': time.Second, 'm': time.Millisecond, 'u': time.Microsecond, 'n': time.Nanosecond,
}

// open waits until the node has recovered, and refuses what it does not take in any
// more.
func (s *Server) open(ctx context.Context, m *method) error {
	if m.early {
		return nil
	}
	select {
	case <-s.Ready:
	default:
		if err := s.recovering(ctx); err != nil {
			return err
		}
	}
	switch state, detail := s.Node.State(); state {
	case theaterv1.NodeState_NODE_STATE_DRAINING:
		if m.admits {
			return refuse(CodeDraining, "the node drains: it takes no more work")
		}
	case theaterv1.NodeState_NODE_STATE_STOPPING:
		return errEnding
	case theaterv1.NodeState_NODE_STATE_FAILED:
		if m.admits {
			return refuse(CodeStopping, "the node has failed: %s", detail)
		}
	}
	return nil
}

func (s *Server) recovering(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.Limits.ReadyTime)
	defer cancel()
	select {
	case <-s.Ready:
		return nil
	case <-ctx.Done():
	}
	if err := context.Cause(ctx); errors.Is(err, errEnding) {
		return err
	}
	done := s.Node.Info().GetRecovery()
	return refuse(CodeRecovering, "the node recovers its actors: %d of %d", done.GetDone(), done.GetTotal()).again(time.Second)
}
