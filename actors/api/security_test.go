package api_test

import (
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/theater-go/theater/actors/api"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// scopes are what each method needs.
var scopes = map[string]api.Scope{
	"ActorService/Spawn": api.ScopeOperate, "ActorService/Stop": api.ScopeOperate, "ActorService/Restart": api.ScopeOperate,
	"ActorService/Kill": api.ScopeOperate, "ActorService/List": api.ScopeRead, "ActorService/ListAll": api.ScopeRead, "ActorService/Inspect": api.ScopeRead,
	"ActorService/GetState": api.ScopeRead, "ActorService/GetMetrics": api.ScopeRead, "ActorService/Watch": api.ScopeRead,
	"ActorService/Logs": api.ScopeRead, "MessageService/Send": api.ScopeOperate, "MessageService/Request": api.ScopeOperate,
	"MessageService/Call": api.ScopeOperate, "ChainService/ListChains": api.ScopeRead, "ChainService/GetChain": api.ScopeRead,
	"ChainService/Events": api.ScopeRead, "ChainService/GetEvent": api.ScopeRead, "ChainService/Records": api.ScopeRead,
	"ChainService/GetBlob": api.ScopeRead, "NodeService/Health": api.ScopeRead, "NodeService/Info": api.ScopeRead,
	"NodeService/Drain": api.ScopeAdmin, "NodeService/Shutdown": api.ScopeAdmin, "NodeService/Backup": api.ScopeAdmin,
}

// methods are those of the protocol, each with whether it is a stream.
func methods() map[string]bool {
	all := map[string]bool{}
	for _, file := range []protoreflect.FileDescriptor{
		theaterv1.File_theater_v1_actors_proto, theaterv1.File_theater_v1_messages_proto,
		theaterv1.File_theater_v1_chain_proto, theaterv1.File_theater_v1_node_proto,
	} {
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			for j := range service.Methods().Len() {
				m := service.Methods().Get(j)
				all[string(service.Name())+"/"+string(m.Name())] = m.IsStreamingServer()
			}
		}
	}
	return all
}

// guarded is a node that is reached by tokens alone.
func guarded(t *testing.T, options ...func(*api.Config)) (*stage, *api.Tokens) {
	t.Helper()
	tokens, err := api.OpenTokens(filepath.Join(t.TempDir(), "tokens"))
	check(t, err)
	s := open(t, append(options, func(c *api.Config) { c.Tokens = tokens })...)
	s.socket = s.listen(api.ViaNetwork)
	return s, tokens
}

func create(t *testing.T, tokens *api.Tokens, name string, scope api.Scope) string {
	t.Helper()
	secret, _, err := tokens.Create(name, scope, time.Time{}, time.Now(), rand.Reader)
	check(t, err)
	return secret
}

// call posts to a method what is no request to any, so that who may call it is told so.
func (s *stage) call(method string, stream bool, header ...string) rawAnswer {
	s.t.Helper()
	kind := "application/json"
	if stream {
		kind = "application/connect+json"
	}
	return s.post("/theater.v1."+method, "\x00\x00\x00\x00\x01!", append([]string{"Content-Type", kind}, header...)...)
}

func TestEachMethodNeedsItsScope(t *testing.T) {
	s, tokens := guarded(t)
	secrets := map[api.Scope]string{}
	for scope := api.ScopeRead; scope <= api.ScopeAdmin; scope++ {
		secrets[scope] = create(t, tokens, scope.String(), scope)
	}
	if len(methods()) != len(scopes) {
		t.Errorf("there are %d methods, and %d are tested", len(methods()), len(scopes))
	}
	for method, stream := range methods() {
		want := func(a rawAnswer, status int, code string) {
			t.Helper()
			if stream && a.header.Get("Content-Type") == "application/connect+json" {
				status = http.StatusOK
			}
			a.refused(t, status, code)
		}
		want(s.call(method, stream), http.StatusUnauthorized, api.CodeUnauthenticated)
		want(s.call(method, stream, "Authorization", "Bearer theater_x_y"), http.StatusUnauthorized, api.CodeUnauthenticated)
		for scope, secret := range secrets {
			a := s.call(method, stream, "Authorization", "Bearer "+secret)
			if scope < scopes[method] {
				want(a, http.StatusForbidden, api.CodeForbidden)
			} else {
				want(a, http.StatusBadRequest, api.CodeMalformed)
			}
		}
	}
}

func TestASpawnByPathFromAfarNeedsAnAdmin(t *testing.T) {
	s, tokens := guarded(t)
	path := `{"path":"` + s.folder("echo", echo(), grants) + `"}`
	operator, admin := create(t, tokens, "op", api.ScopeOperate), create(t, tokens, "boss", api.ScopeAdmin)
	s.post("/theater.v1.ActorService/Spawn", path, "Authorization", "Bearer "+operator).refused(t, http.StatusForbidden, api.CodeForbidden)
	if a := s.post("/theater.v1.ActorService/Spawn", path, "Authorization", "bearer "+admin); a.status != http.StatusOK {
		t.Errorf("an admin's spawn gives %d %s", a.status, a.body)
	}
}

func TestWhoCallsIsTheCauseOnTheChain(t *testing.T) {
	s, tokens := guarded(t)
	s.spawn("echo", echo(), "")
	remote := dial(t, api.DialConfig{Address: "unix:" + s.socket, Token: create(t, tokens, "backup robot", api.ScopeOperate)})
	_, err := remote.Messages.Request(s.ctx(), &theaterv1.RequestRequest{Target: "/echo", Body: []byte("a")})
	check(t, err)
	s.ask("/echo", "a")
	seen, err := s.Actors.Inspect(s.ctx(), &theaterv1.InspectRequest{Target: "/echo"})
	check(t, err)
	if got := []string{seen.Turns[1].Cause, seen.Turns[0].Cause}; got[0] != "backup robot" || got[1] != "local" {
		t.Errorf("the causes are %q", got)
	}
	if info, err := remote.Node.Info(s.ctx(), &theaterv1.InfoRequest{}); err != nil || info.Scope != "operate" || info.Actors != 1 {
		t.Errorf("the info is %v, %v", info, err)
	}
}

func TestAuthorizationIsAToken(t *testing.T) {
	s, tokens := guarded(t)
	good := create(t, tokens, "good", api.ScopeRead)
	last := map[byte]string{'0': "1"}[good[len(good)-1]]
	if last == "" {
		last = "0"
	}
	for name, header := range map[string]string{
		"nothing":                 "",
		"no bearer":               "Basic " + good,
		"an empty token":          "Bearer ",
		"another secret":          "Bearer " + good[:len(good)-1] + last,
		"a part of it":            "Bearer " + good[:len(good)-1],
		"more than it":            "Bearer " + good + "0",
		"in capitals":             "Bearer " + strings.ToUpper(good),
		"the path of a file":      "Bearer theater_../../../../etc/passwd_x",
		"an id alone":             "Bearer " + good[:len("theater_")+16],
		"the secret without id":   "Bearer " + good[len("theater_")+17:],
		"the token as a password": "Basic " + good[8:],
	} {
		t.Run(name, func(t *testing.T) {
			s.post(listPath, "{}", "Authorization", header).refused(t, http.StatusUnauthorized, api.CodeUnauthenticated)
		})
	}
	if a := s.post(listPath, "{}", "Authorization", "Bearer "+good); a.status != http.StatusOK {
		t.Errorf("the token itself gives %d %s", a.status, a.body)
	}
}

func TestATokenEndsWhenItIsRevokedOrExpires(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tokens")
	tokens, err := api.OpenTokens(dir)
	check(t, err)
	now := time.Unix(1_800_000_000, 0)
	secret, token, err := tokens.Create("a", api.ScopeRead, now.Add(time.Hour), now, rand.Reader)
	check(t, err)
	if p, ok := tokens.Check(secret, now); !ok || p.Name != "a" || p.Scope != api.ScopeRead {
		t.Errorf("it is of %v", p)
	}
	if _, ok := tokens.Check(secret, now.Add(time.Hour)); ok {
		t.Error("it does not expire")
	}
	other, err := api.OpenTokens(dir)
	check(t, err)
	list, err := other.List()
	if err != nil || len(list) != 1 || list[0] != token {
		t.Errorf("the list is %v, %v; want %v", list, err, token)
	}
	if _, err := other.Revoke(token.ID); err != nil {
		t.Error(err)
	}
	if _, ok := tokens.Check(secret, now); ok {
		t.Error("what another process revokes is taken")
	}
	for _, id := range []string{token.ID, "", "../x", "zz"} {
		if _, err := tokens.Revoke(id); !errors.Is(err, api.ErrNoToken) {
			t.Errorf("revoking %q gives %v", id, err)
		}
	}
}

func TestAStreamEndsWithItsToken(t *testing.T) {
	s, tokens := guarded(t)
	s.spawn("echo", echo(), "")
	secret, token, err := tokens.Create("a", api.ScopeRead, time.Time{}, time.Now(), rand.Reader)
	check(t, err)
	c := dial(t, api.DialConfig{Address: "unix:" + s.socket, Token: secret})
	lines, err := c.Actors.Logs(s.ctx(), &theaterv1.LogsRequest{Follow: true})
	check(t, err)
	events, err := c.Chain.Events(s.ctx(), &theaterv1.EventsRequest{Target: "/echo", Follow: true})
	check(t, err)
	if !lines.Receive() || !events.Receive() {
		t.Fatal("they do not begin:", lines.Err(), events.Err())
	}
	_, err = tokens.Revoke(token.ID)
	check(t, err)
	if lines.Receive() || events.Receive() {
		t.Error("they go on")
	}
	refuses(t, lines.Err(), api.CodeUnauthenticated, "")
	refuses(t, events.Err(), api.CodeUnauthenticated, "")
}

func TestAClientWithAllItsCallsUnderWayKeepsNobodyElseOut(t *testing.T) {
	s, tokens := guarded(t, func(c *api.Config) { c.Limits.Calls = 1 })
	s.spawn("echo", echo(), spins)
	header := []string{"Authorization", "Bearer " + create(t, tokens, "a", api.ScopeAdmin)}
	told := make(chan rawAnswer, 1)
	go func() {
		told <- s.post("/theater.v1.MessageService/Request", `{"target":"/echo","body":"fg=="}`, header...) // ~
	}()
	s.eventually("it is called", func() bool { return s.server.Calls() == 1 })
	s.post(listPath, "{}", header...).refused(t, http.StatusTooManyRequests, api.CodeBusy)
	if a := s.post("/theater.v1.NodeService/Shutdown", "{}", header...); a.status != http.StatusOK {
		t.Errorf("a shutdown gives %d %s", a.status, a.body)
	}
	if a := s.post(listPath, "{}", "Authorization", "Bearer "+create(t, tokens, "b", api.ScopeRead)); a.status != http.StatusOK {
		t.Errorf("another client gets %d %s", a.status, a.body)
	}
	_, err := s.Actors.Kill(s.ctx(), &theaterv1.KillRequest{Target: "/echo"})
	check(t, err)
	(<-told).refused(t, http.StatusConflict, api.CodeGuestFailed)
}

func TestAFolderOfTokensIsItsOwnersAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no modes")
	}
	dir := filepath.Join(t.TempDir(), "tokens")
	tokens, err := api.OpenTokens(dir)
	check(t, err)
	secret := create(t, tokens, "a", api.ScopeRead)
	entries, err := os.ReadDir(dir)
	check(t, err)
	if len(entries) != 1 {
		t.Fatalf("there are %v", entries)
	}
	info, err := entries[0].Info()
	check(t, err)
	text, err := os.ReadFile(filepath.Join(dir, info.Name()))
	check(t, err)
	if info.Mode().Perm() != 0o600 || strings.Contains(string(text), secret[len(secret)-32:]) {
		t.Errorf("the file has the mode %v: %s", info.Mode(), text)
	}
	check(t, os.Chmod(dir, 0o750))
	if _, err := api.OpenTokens(dir); err == nil || !strings.Contains(err.Error(), "chmod 700") {
		t.Errorf("a folder for others gives %v", err)
	}
	check(t, os.Chmod(dir, 0o700))
	for name, content := range map[string]string{"0123456789abcdef.json": "{", "0123456789abcdee.json": `{"id":"x"}`, ".new-1": "x", "README": "x"} {
		check(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	if list, err := tokens.List(); len(list) != 1 || err == nil {
		t.Errorf("beside files that are none there are %v, %v", list, err)
	}
	if _, ok := tokens.Check("theater_0123456789abcdef_00", time.Now()); ok {
		t.Error("a file that is damaged is a token")
	}
	for _, name := range []string{"", "local", "a/b", "a\nb", strings.Repeat("a", 200)} {
		if _, _, err := tokens.Create(name, api.ScopeRead, time.Time{}, time.Now(), rand.Reader); err == nil {
			t.Errorf("%q is the name of a token", name)
		}
	}
	if _, _, err := tokens.Create("a", api.ScopeNone, time.Time{}, time.Now(), rand.Reader); err == nil {
		t.Error("a token has no scope")
	}
	if _, _, err := tokens.Create("a", api.ScopeRead, time.Time{}, time.Now(), strings.NewReader("short")); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("without randomness it gives %v", err)
	}
}

func TestScopesAreReadAsTheyAreWritten(t *testing.T) {
	for scope := api.ScopeRead; scope <= api.ScopeAdmin; scope++ {
		if got, err := api.ParseScope(scope.String()); err != nil || got != scope {
			t.Errorf("%s is read as %s, %v", scope, got, err)
		}
	}
	for _, text := range []string{"", "none", "root", "Read"} {
		if got, err := api.ParseScope(text); err == nil {
			t.Errorf("%q is the scope %s", text, got)
		}
	}
	if api.Scope(99).String() != "none" {
		t.Error("a scope beyond all is one")
	}
}
