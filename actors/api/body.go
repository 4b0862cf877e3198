package api

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// body is a request's, which is read before its method is called, so that whatever
// is wrong with it has a code of ours.
type body struct {
	bounds *bounds
	taken  int64
}

func (b *body) release() { b.bounds.taken.Add(-b.taken) }

// Write counts bytes that have come in.
func (b *body) Write(p []byte) (int, error) {
	n := int64(len(p))
	b.taken += n
	if b.bounds.taken.Add(n) > b.bounds.limits.Room {
		return 0, refuse(CodeBusy, "the requests of all clients together are larger than %d bytes", b.bounds.limits.Room).again(time.Second)
	}
	return len(p), nil
}

// read reads a request as a whole.
func (s *Server) read(w http.ResponseWriter, r *http.Request, m *method, b *body) error {
	most := s.Limits.RequestBytes
	if m.large {
		most = s.Limits.BundleBytes
	}
	tooLarge := refuse(CodeTooLarge, "the request is larger than %d bytes", most)
	if r.ContentLength > most {
		return tooLarge
	}
	control := http.NewResponseController(w)
	// What knows no deadlines, as a recorder of tests, is not waited for either.
	_ = control.SetReadDeadline(time.Now().Add(s.Limits.BodyTime))
	data, err := io.ReadAll(io.TeeReader(io.LimitReader(r.Body, most+1), b))
	var refused *refusal
	switch {
	case errors.As(err, &refused):
		return refused
	case errors.Is(err, os.ErrDeadlineExceeded):
		return refuse(CodeSlow, "the request did not come within %s", s.Limits.BodyTime)
	case err != nil:
		return refuse(CodeMalformed, "the request was cut off: %w", err)
	case int64(len(data)) > most:
		return tooLarge
	}
	_ = control.SetReadDeadline(time.Time{})
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(data)), int64(len(data))
	return enveloped(r.Header.Get("Content-Type"), data)
}

// envelope is what comes before a message where there may be several: a byte of
// flags, and the length.
const envelope = 5

// enveloped says what is wrong with the envelope of the only message of a request.
func enveloped(kind string, data []byte) error {
	if !strings.HasPrefix(kind, "application/grpc") && !strings.HasPrefix(kind, "application/connect+") {
		return nil
	}
	switch {
	case len(data) < envelope:
		return refuse(CodeMalformed, "the request has no message")
	case data[0] != 0:
		return refuse(CodeMalformed, "the message has the flags %#x; this API takes none", data[0])
	case uint64(binary.BigEndian.Uint32(data[1:])) != uint64(len(data)-envelope):
		return refuse(CodeMalformed, "the message has %d bytes, and its envelope says %d", len(data)-envelope, binary.BigEndian.Uint32(data[1:]))
	}
	return nil
}

// patientWriter bounds the time that a client has to take each part of an answer.
type patientWriter struct {
	http.ResponseWriter
	control *http.ResponseController
	time    time.Duration
}

// Unwrap is for http.ResponseController.
func (w *patientWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *patientWriter) Write(p []byte) (int, error) {
	defer w.bound()()
	return w.ResponseWriter.Write(p)
}

// Flush implements http.Flusher.
func (w *patientWriter) Flush() {
	defer w.bound()()
	_ = w.control.Flush() // the next write has the error
}

// bound lets the time run until the function that it returns is called.
func (w *patientWriter) bound() func() {
	if w.control.SetWriteDeadline(time.Now().Add(w.time)) != nil {
		return func() {}
	}
	return func() { _ = w.control.SetWriteDeadline(time.Time{}) }
}
