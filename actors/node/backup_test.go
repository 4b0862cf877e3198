package node_test

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/theater-go/theater/chain/badgerlog"
)

func TestANodeThatIsBackedUpGoesOnAndAnotherGoesOnFromTheBackup(t *testing.T) {
	first := serve(t, settingsOf(short(t)))
	first.spawn(counter(t, "count"))
	var backup bytes.Buffer
	var before []byte
	for range 3 {
		var err error
		before, err = first.request("/count")
		must(t, err)
	}
	must(t, first.Backup(t.Context(), &backup, nil))
	after, err := first.request("/count")
	must(t, err)
	if bytes.Equal(before, after) {
		t.Fatalf("the counter answers %s again", after)
	}
	first.end()

	settings := settingsOf(short(t))
	restored, err := badgerlog.Restore(t.Context(), &backup, settings.Data, badgerlog.RestoreOptions{})
	must(t, err)
	if restored.Actors != 1 || len(restored.Failures) > 0 {
		t.Errorf("restored is %+v", restored)
	}
	settings.Tokens = filepath.Join(t.TempDir(), "tokens")
	second := serve(t, settings)
	if again, err := second.request("/count"); err != nil || !bytes.Equal(again, after) {
		t.Errorf("the counter goes on with %s, %v, want %s", again, err, after)
	}
	second.end()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
