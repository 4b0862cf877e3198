package cli

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/theater-go/theater/actors/node"
)

// settingJSON is a setting of a node. Its value has the type that it has in a file.
type settingJSON struct {
	Key    string `json:"key"`
	Value  any    `json:"value"`
	Source string `json:"source"`         // flag, env, file or default
	From   string `json:"from,omitempty"` // the flag or variable, or the file
}

// checkConfig shows the settings, after it has seen to it that a node can have them.
func (p *program) checkConfig(ctx context.Context, e *node.Effective, format string) error {
	if err := severally(e.Check(ctx, time.Now), e.CheckFolders()); err != nil {
		return err
	}
	if format == "text" {
		rows := [][]string{{"KEY", "VALUE", "FROM"}}
		for _, k := range node.Keys() {
			o := e.Origin(k)
			from := o.Source
			if o.Name != "" {
				from = o.Name
			}
			value := e.Value(k)
			if value == "" {
				value = "-"
			}
			rows = append(rows, []string{k.Name, value, from})
		}
		return p.writeColumns(rows)
	}
	shown := struct {
		File     string        `json:"file,omitempty"`
		Settings []settingJSON `json:"settings"`
	}{File: e.File}
	for _, k := range node.Keys() {
		o := e.Origin(k)
		shown.Settings = append(shown.Settings, settingJSON{k.Name, typed(k, e), o.Source, o.Name})
	}
	return p.writeJSON(shown, true)
}

// severally joins what is joined already.
func severally(all ...error) error {
	var each []error
	for _, err := range all {
		if several, ok := err.(interface{ Unwrap() []error }); ok {
			each = append(each, several.Unwrap()...)
		}
	}
	return errors.Join(each...)
}

// typed is a value as a file has it.
func typed(k node.Key, e *node.Effective) any {
	text := e.Value(k)
	switch k.Type {
	case "boolean":
		return text == "true"
	case "integer":
		if n, err := strconv.Atoi(text); err == nil {
			return json.Number(strconv.Itoa(n))
		}
	case "paths":
		return append([]string{}, e.Spawn...)
	}
	return text
}
