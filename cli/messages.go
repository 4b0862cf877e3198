package cli

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/theater-go/theater/wasm/pack"
)

// kind is what is done with a message.
type kind string

const (
	kindRequest kind = "request"
	kindSend    kind = "send"
	kindCall    kind = "call"
)

// message is one thing to do with the actor, as the command line gives it.
type message struct {
	kind kind
	text string // as it was typed

	body   []byte // of a request or send
	export string // of a call
	params string // of a call: a literal, or nothing
}

func (m *message) String() string { return fmt.Sprintf("%s %s", m.kind, escape(m.text)) }

// messageFlag is one of several flags that append to the same list, so that
// their common order is kept.
type messageFlag struct {
	kind kind
	list *[]*message
}

// Set is called by the flag parser.
func (f messageFlag) Set(text string) error {
	m := &message{kind: f.kind, text: text}
	if f.kind == kindCall {
		if err := m.parseCall(); err != nil {
			return err
		}
	}
	*f.list = append(*f.list, m)
	return nil
}

// String is the default in help texts.
func (f messageFlag) String() string { return "" }

// parseCall takes an export and its parameters apart, a literal that may be left out.
func (m *message) parseCall() error {
	export, literal, _ := strings.Cut(strings.TrimSpace(m.text), " ")
	if export == "" {
		return fmt.Errorf("it is an export's name and a literal")
	}
	m.export, m.params = export, strings.TrimSpace(literal)
	if m.params == "" {
		return nil
	}
	return pack.CheckLiteral(m.params)
}

// maxBody bounds what is read for one message.
const maxBody = 64 << 20

// readBodies reads what the messages refer to: @file, or - for standard input.
func (p *program) readBodies(list []*message) error {
	stdin := false
	for _, m := range list {
		file, isFile := strings.CutPrefix(m.text, "@")
		switch {
		case m.kind == kindCall:
		case m.text == "-":
			if stdin {
				return usagef("theater run", "two messages read standard input")
			}
			stdin = true
			body, err := io.ReadAll(io.LimitReader(p.in, maxBody+1))
			if err != nil {
				return fmt.Errorf("read standard input: %w", err)
			}
			m.body = body
		case isFile:
			body, err := readFile(file)
			if err != nil {
				return err
			}
			m.body = body
		default:
			m.body = []byte(m.text)
		}
		if len(m.body) > maxBody {
			return fmt.Errorf("%s: larger than %s", m, size(maxBody))
		}
	}
	return nil
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if os.IsNotExist(err) {
		return nil, notFound(err, "")
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxBody+1))
}
