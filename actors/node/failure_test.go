package node_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/theater-go/theater/wasm/wasmtest"
)

func TestAFailureOfAnActorIsOneLineOfTheLog(t *testing.T) {
	s := serve(t, settingsOf(short(t)))
	dir := project(t, "top", wasmtest.Guest{HandleRequest: wasmtest.Trap()}, "[supervision.backoff]\ninitial = \"2ms\"\n[[child]]\nid = \"kid\"\nmanifest = \"kid.toml\"\n")
	write(t, filepath.Join(dir, "kid.toml"), "name = \"kid\"\nversion = \"1\"\npackage = \"actor.wasm\"\n[[handler]]\ntype = \"message-server\"\n")
	s.spawn(dir)
	for _, target := range []string{"/top/kid", "/top"} {
		if _, err := s.request(target); err == nil {
			t.Fatalf("a request to %s succeeds", target)
		}
	}
	s.end()
	type failure struct{ Level, Msg, Actor, ID, Reason, Detail, Directive, Wait string }
	seen := map[string][]failure{}
	for line := range strings.Lines(s.log.String()) {
		var f failure
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if f.Reason == "trap" && f.Msg != "actor is gone" {
			seen[f.Actor] = append(seen[f.Actor], f)
		}
	}
	for path, want := range map[string]failure{
		"/top/kid": {Level: "WARN", Directive: "restart"},
		"/top":     {Level: "ERROR", Directive: "stop"},
	} {
		if len(seen[path]) != 1 {
			t.Errorf("the failure of %s is in %d lines:\n%s", path, len(seen[path]), s.log)
			continue
		}
		f := seen[path][0]
		if f.Level != want.Level || f.Msg != "actor failed" || f.ID == "" || !strings.HasPrefix(f.Detail, "trap unreachable") || f.Directive != want.Directive || (f.Wait != "") != (f.Directive == "restart") {
			t.Errorf("the failure of %s is %+v", path, f)
		}
	}
}
