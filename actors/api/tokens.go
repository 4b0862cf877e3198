package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/chain"
)

// Tokens are those by which clients are known, in a folder with a file for each. The
// files hold hashes: a token is seen once, by who makes it. What one process makes or
// revokes holds at once for all others. They are safe for concurrent use.
type Tokens struct{ dir string }

// Folder is where they are.
func (t *Tokens) Folder() string { return t.dir }

// Token is what is known of a token.
type Token struct {
	ID      string     `json:"id"`
	Name    string     `json:"name"` // of who has it, as chains name the cause of its messages
	Scope   Scope      `json:"scope"`
	Created time.Time  `json:"created"`
	Expires time.Time  `json:"expires,omitzero"` // zero is never
	Sum     chain.Hash `json:"sha256"`           // of the token as it is sent
}

// ErrNoToken is returned when there is no token of an id.
var ErrNoToken = errors.New("no such token")

const (
	tokenPrefix = "theater"
	tokenExt    = ".json"
	idBytes     = 8
	secretBytes = 32
	maxToken    = 4096 // bytes of a file, far more than one has
)

// OpenTokens opens a folder, or makes it. It is refused where others than its owner
// may look into it or change it.
func OpenTokens(dir string) (*Tokens, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("folder of tokens: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("folder of tokens: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("tokens are kept in a folder, and %s is a file", dir)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("the folder of tokens %s has the mode %#o: chmod 700 keeps others out", dir, mode)
	}
	return &Tokens{dir: dir}, nil
}

// CheckTokenName says why nobody who has a token can be called by a name.
func CheckTokenName(name string) error {
	if err := manifest.CheckName(name); err != nil {
		return fmt.Errorf("name %.40q: %w", name, err)
	}
	if name == localName {
		return fmt.Errorf("the name %s is that of the node's own socket", localName)
	}
	return nil
}

// Create makes a token; expires may be zero. The secret is what its owner sends, and
// is kept nowhere.
func (t *Tokens) Create(name string, scope Scope, expires, now time.Time, random io.Reader) (secret string, token Token, err error) {
	if err := CheckTokenName(name); err != nil {
		return "", Token{}, err
	}
	if scope < ScopeRead || scope > ScopeAdmin {
		return "", Token{}, errors.New("a token has the scope read, operate or admin")
	}
	var drawn [idBytes + secretBytes]byte
	if _, err := io.ReadFull(random, drawn[:]); err != nil {
		return "", Token{}, fmt.Errorf("read randomness: %w", err)
	}
	id := hex.EncodeToString(drawn[:idBytes])
	secret = strings.Join([]string{tokenPrefix, id, hex.EncodeToString(drawn[idBytes:])}, "_")
	token = Token{ID: id, Name: name, Scope: scope, Created: now.UTC(), Expires: expires.UTC(), Sum: sha256.Sum256([]byte(secret))}
	if expires.IsZero() {
		token.Expires = time.Time{}
	}
	return secret, token, t.write(token)
}

// write makes the file of a new token, whole or not at all.
func (t *Tokens) write(token Token) error {
	text, err := json.MarshalIndent(token, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(t.dir, ".new-") // of mode 0600
	if err != nil {
		return fmt.Errorf("write token: %w", err)
	}
	defer os.Remove(f.Name()) // when it was not given its own name
	_, err = f.Write(append(text, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), t.file(token.ID))
	}
	if err != nil {
		return fmt.Errorf("write token: %w", err)
	}
	return nil
}

func (t *Tokens) file(id string) string { return filepath.Join(t.dir, id+tokenExt) }

// read reads the token of an id, which may be anything.
func (t *Tokens) read(id string) (token Token, err error) {
	if raw, err := hex.DecodeString(id); err != nil || len(raw) != idBytes || strings.ToLower(id) != id {
		return token, fmt.Errorf("%.40q: %w", id, ErrNoToken)
	}
	f, err := os.Open(t.file(id))
	if errors.Is(err, fs.ErrNotExist) {
		return token, fmt.Errorf("%s: %w", id, ErrNoToken)
	}
	if err != nil {
		return token, err
	}
	defer f.Close()
	if err := json.NewDecoder(io.LimitReader(f, maxToken)).Decode(&token); err != nil {
		return Token{}, fmt.Errorf("token %s: %w", id, err)
	}
	if token.ID != id {
		return Token{}, fmt.Errorf("the file of token %s is of %.40q", id, token.ID)
	}
	return token, nil
}

// List shows the tokens, the oldest first. One that cannot be read is an error, beside
// those that can.
func (t *Tokens) List() (all []Token, err error) {
	entries, err := os.ReadDir(t.dir)
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	var errs []error
	for _, e := range entries {
		id, ok := strings.CutSuffix(e.Name(), tokenExt)
		if !ok || strings.HasPrefix(id, ".") {
			continue
		}
		token, err := t.read(id)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		all = append(all, token)
	}
	slices.SortFunc(all, func(a, b Token) int { return a.Created.Compare(b.Created) })
	return all, errors.Join(errs...)
}

// Revoke ends a token by its id. It is ErrNoToken where there is none.
func (t *Tokens) Revoke(id string) (Token, error) {
	token, err := t.read(id)
	if errors.Is(err, ErrNoToken) {
		return Token{}, err
	}
	if removeErr := os.Remove(t.file(id)); removeErr != nil { // also one that cannot be read
		return token, fmt.Errorf("revoke token: %w", removeErr)
	}
	return token, err
}

// Check says who has a token.
func (t *Tokens) Check(secret string, now time.Time) (Principal, bool) {
	parts := strings.Split(secret, "_")
	if len(parts) != 3 || parts[0] != tokenPrefix {
		return Principal{}, false
	}
	token, err := t.read(parts[1])
	if err != nil {
		return Principal{}, false
	}
	sum := sha256.Sum256([]byte(secret))
	if subtle.ConstantTimeCompare(sum[:], token.Sum[:]) != 1 || !token.Expires.IsZero() && !now.Before(token.Expires) {
		return Principal{}, false
	}
	return Principal{Name: token.Name, Scope: token.Scope}, true
}
