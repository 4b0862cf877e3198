package cli_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/goccy/go-yaml"

	"github.com/theater-go/theater/cli"
)

func TestWhatGuestsSayIsHarmlessInYAMLAndStaysWhatItIs(t *testing.T) {
	for _, text := range []string{
		"\x1b[31mred", "\u009b31m", "\u202ereversed", "a\u2028b", "\ufeff", "\U000e0001", "\x00", "\x7f", "a\rb\nc", "a\tb", "\x1b]0;title\x07\nand lines\n",
		"1e3", "012", "0x1f", "1", "-", "true", "null", "~", "", " ", "\n", "\n  x", "  x\ny", "\tx", "x\n\n", "lines\nof text\n", "- a", "a: b", "a #b", "{", "[", "'", "\"", `\n`, "é", "日本", "%", "@", "!x", "&x", "*x",
	} {
		in, err := json.Marshal([]any{text, map[string]string{"text": text}})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if _, err := cli.YAMLWriter(&out).Write([]byte(string(in) + "\n")); err != nil {
			t.Fatal(err)
		}
		if i := strings.IndexFunc(out.String(), func(r rune) bool { return r != '\n' && r != '\t' && !unicode.IsGraphic(r) }); i >= 0 {
			t.Errorf("%q is written as %q", text, out.String())
		}
		var back []any
		if err := yaml.Unmarshal(out.Bytes(), &back); err != nil || len(back) != 2 || back[0] != text || back[1].(map[string]any)["text"] != text {
			t.Errorf("%q is read back as %q, %v:\n%s", text, back, err, out.String())
		}
	}
}

func TestALongValueThatComesInPiecesIsWrittenInTheTimeOfOne(t *testing.T) {
	value := []byte(`{"literal":"` + strings.Repeat("103u8, ", 600_000) + "\"}\n")
	var out bytes.Buffer
	w := cli.YAMLWriter(&out)
	begun := time.Now()
	for rest := value; len(rest) > 0; {
		n := min(4096, len(rest))
		if _, err := w.Write(rest[:n]); err != nil {
			t.Fatal(err)
		}
		if rest = rest[n:]; time.Since(begun) > 20*time.Second {
			t.Fatalf("of %d bytes %d are left after %s", len(value), len(rest), time.Since(begun))
		}
	}
	if out.Len() < len(value)-10 {
		t.Errorf("of %d bytes %d are written", len(value), out.Len())
	}
}
