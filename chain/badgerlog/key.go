package badgerlog

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/theater-go/theater/chain"
)

// newKey makes the key of a log, which is named by chance: nobody else's is called so.
func newKey() (signer, verifier string, err error) {
	var name [8]byte
	if _, err := rand.Read(name[:]); err != nil {
		return "", "", fmt.Errorf("make key: %w", err)
	}
	signer, verifier, err = note.GenerateKey(rand.Reader, "theater/"+hex.EncodeToString(name[:]))
	if err != nil {
		return "", "", fmt.Errorf("make key: %w", err)
	}
	return signer, verifier, nil
}

// readKey reads the key in a folder that signs.
func readKey(dir string) (note.Signer, error) {
	path := filepath.Join(dir, keyName)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	signer, err := note.NewSigner(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", path, err, chain.ErrCorrupt)
	}
	return signer, nil
}

// unreadable makes the absence of a file that must be there into damage.
func unreadable(path string, err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s is missing: %w", path, chain.ErrCorrupt)
	}
	return err
}
