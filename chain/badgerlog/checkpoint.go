package badgerlog

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/theater-go/theater/chain"
)

// Checkpoint is a signed statement of what a log held.
type Checkpoint struct {
	Signer string     // name of the key, and of the log
	Era    uint64     // how often the log has come back shorter
	Size   uint64     // blocks
	Root   chain.Hash // of the Merkle log over them

	Durable    uint64    // blocks of which even a power cut leaves nothing away
	Durability string    // Async or Sync, of the folder
	Epoch      uint64    // of the newest writer, 0 for none
	Time       time.Time // of the signature, by this machine's clock
	Boot       string    // names the start of the machine since which it ran; empty where that is not known
	After      *Ended    // the era before, nil in era 0

	Note []byte // all of it as text, signed: what others keep and check
}

// Ended is the last that is known of an era that has ended.
type Ended struct {
	Size uint64
	Root chain.Hash
}

// checkpointText is what is signed: origin, size and root as transparency logs write
// them, then lines of our own. The origin names an era, which only grows; the log may
// have come back shorter.
const checkpointText = "%s\n%d\n%s\ndurable %d %s\nepoch %d\ntime %s\n"

// Lines that a checkpoint may have besides.
const (
	bootText  = "boot %s\n"
	afterText = "after %d %s\n"
)

func (c *Checkpoint) text() string {
	text := fmt.Sprintf(checkpointText, c.Signer+"/"+strconv.FormatUint(c.Era, 10), c.Size, encodeRoot(c.Root),
		c.Durable, c.Durability, c.Epoch, c.Time.UTC().Format(time.RFC3339Nano))
	if c.Boot != "" {
		text += fmt.Sprintf(bootText, c.Boot)
	}
	if c.After != nil {
		text += fmt.Sprintf(afterText, c.After.Size, encodeRoot(c.After.Root))
	}
	return text
}

// sign makes the note.
func (c *Checkpoint) sign(signer note.Signer) (err error) {
	c.Note, err = note.Sign(&note.Note{Text: c.text()}, signer)
	if err != nil {
		return fmt.Errorf("sign checkpoint: %w", err)
	}
	return nil
}

// ReadCheckpoint reads a checkpoint's note and checks its signature with the key
// that stands in the data folder's checkpoint/key.pub. A note that is not signed by
// it, or is no checkpoint, is chain.ErrCorrupt.
func ReadCheckpoint(text []byte, key string) (Checkpoint, error) {
	verifier, err := note.NewVerifier(strings.TrimSpace(key))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("key of checkpoint: %w: %w", err, chain.ErrCorrupt)
	}
	n, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint: %w: %w", err, chain.ErrCorrupt)
	}
	c, err := parseCheckpoint(n.Text)
	if err == nil && c.Signer != verifier.Name() {
		err = fmt.Errorf("it is of %s and signed by %s", c.Signer, verifier.Name())
	}
	if err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint: %w: %w", err, chain.ErrCorrupt)
	}
	c.Note = text
	return c, nil
}

// parseCheckpoint reads what text writes. Lines of which it knows nothing may follow.
func parseCheckpoint(text string) (c Checkpoint, err error) {
	var origin, root, stamp string
	if _, err := fmt.Sscanf(text, checkpointText, &origin, &c.Size, &root, &c.Durable, &c.Durability, &c.Epoch, &stamp); err != nil {
		return c, err
	}
	at := max(strings.LastIndexByte(origin, '/'), 0)
	c.Signer = origin[:at]
	if c.Era, err = strconv.ParseUint(strings.TrimPrefix(origin[at:], "/"), 10, 64); err != nil {
		return c, err
	}
	if c.Root, err = decodeRoot(root); err != nil {
		return c, err
	}
	if c.Time, err = time.Parse(time.RFC3339Nano, stamp); err != nil {
		return c, err
	}
	for line := range strings.Lines(text) {
		switch word, _, _ := strings.Cut(line, " "); word {
		case "boot":
			_, err = fmt.Sscanf(line, bootText, &c.Boot)
		case "after":
			c.After = &Ended{}
			if _, err = fmt.Sscanf(line, afterText, &c.After.Size, &root); err == nil {
				c.After.Root, err = decodeRoot(root)
			}
		}
		if err != nil {
			return c, err
		}
	}
	if c.Size > math.MaxInt64/2 || c.Durable > c.Size {
		return c, fmt.Errorf("it speaks of %d blocks, %d of them durable", c.Size, c.Durable)
	}
	return c, nil
}

func encodeRoot(h chain.Hash) string { return base64.StdEncoding.EncodeToString(h[:]) }

func decodeRoot(s string) (h chain.Hash, err error) {
	b, err := base64.StdEncoding.DecodeString(s)
	if err == nil && len(b) != len(h) {
		err = fmt.Errorf("a root of %d bytes", len(b))
	}
	copy(h[:], b)
	return h, err
}
