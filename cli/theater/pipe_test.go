package main

import (
	"bytes"
	"os"
	"os/exec"
	"testing"
)

func TestNobodyReadingTheResultsIsNoFailure(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	reader.Close()
	for _, args := range [][]string{{"version"}, {"version", "-o", "json"}, {"version", "-o", "yaml"}, {"completion", "bash"}} {
		var told bytes.Buffer
		cmd := exec.CommandContext(t.Context(), "theater", args...)
		cmd.Stdout, cmd.Stderr = writer, &told
		if err := cmd.Run(); err != nil || told.Len() > 0 {
			t.Errorf("theater %v: %v, and says %q", args, err, &told)
		}
	}
}
