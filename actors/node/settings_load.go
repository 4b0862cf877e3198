package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/theater-go/theater/actors/manifest"
)

// Sources are where settings come from; the first of them that names a key decides.
type Sources struct {
	// Flags are by Key.Flag; a key of type paths may have several values.
	Flags map[string][]string
	// Env looks into the environment; nil is an empty one, and a variable that is
	// empty as one that is not there.
	Env func(name string) (value string, ok bool)
	// File is the configuration file; "" is none.
	File string
}

// ConfigEnv names the configuration file in the environment.
const ConfigEnv = "THEATER_CONFIG"

// Origin is where a setting has its value from.
type Origin struct {
	Source string // flag, env, file or default
	Name   string // of the flag or variable, or the file; "" for a default
}

// Effective are settings with the origin of each, by Key.Name.
type Effective struct {
	Settings
	Origins map[string]Origin
	File    string // that was read; "" for none

	document *manifest.Document // of File
}

// Value is a setting as text, as a flag would give it.
func (e *Effective) Value(k Key) string {
	return textOf(settingOf(k.Name).field(&e.Settings))
}

// SettingError is a flag or variable, or what is so by default, with a value that is
// none or does not do. Of a file that is a *manifest.Error.
type SettingError struct {
	Origin
	Reason string
	Err    error // the cause, where there is one
}

func (e *SettingError) Error() string { return e.Name + ": " + e.Reason }

// Unwrap returns the cause.
func (e *SettingError) Unwrap() error { return e.Err }

// placed is what is wrong with a key, with where that has its value from.
func (e *Effective) placed(key, reason string, cause error) error {
	switch origin := e.Origins[key]; origin.Source {
	case "file":
		problem := e.document.Problem(key, reason)
		problem.Err = cause
		return problem
	case "":
		return &SettingError{Origin{"default", key}, reason, cause}
	default:
		return &SettingError{origin, reason, cause}
	}
}

// LoadSettings reads the sources and checks what they say. The error is one for each
// thing that is wrong, or says why the file cannot be read.
func LoadSettings(from Sources) (*Effective, error) {
	e := &Effective{Settings: DefaultSettings(), Origins: map[string]Origin{}}
	if from.Env == nil {
		from.Env = func(string) (string, bool) { return "", false }
	}
	if e.File = from.File; e.File == "" {
		e.File, _ = from.Env(ConfigEnv)
	}
	errs, err := e.readFile()
	if err != nil {
		return nil, err
	}
	errs = append(errs, e.overrule(from)...)
	if _, said := e.Origins["tokens"]; !said {
		e.Tokens = filepath.Join(e.Data, "tokens")
	}
	if err := errors.Join(append(errs, e.check(errs)...)...); err != nil {
		return nil, err
	}
	return e, nil
}

// maxConfig is the largest configuration file.
const maxConfig = 1 << 20

// readFile reads the file, if there is one, and returns what is wrong in it; err is
// that it cannot be read. Its paths are relative to its folder.
func (e *Effective) readFile() (wrong []error, err error) {
	if e.File == "" {
		return nil, nil
	}
	info, err := os.Stat(e.File)
	switch {
	case err != nil:
		return nil, fmt.Errorf("configuration: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("configuration: %s is not a file", e.File)
	case info.Size() > maxConfig:
		return nil, fmt.Errorf("configuration: %s is larger than %v", e.File, Size(maxConfig))
	}
	data, err := os.ReadFile(e.File)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	document, err := manifest.Decode(data, e.File, &e.Settings)
	var problems manifest.Errors
	if err != nil && !errors.As(err, &problems) {
		return nil, err
	}
	e.document = document
	for _, s := range settings {
		if document.Has(s.Name) {
			e.Origins[s.Name] = Origin{"file", e.File}
			absolute(s.field(&e.Settings), s.Type, filepath.Dir(e.File))
		}
	}
	return problems.Unwrap(), nil
}

// absolute has paths begin at a folder.
func absolute(field any, kind, dir string) {
	at := func(path string) string {
		if path == "" || filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(dir, path)
	}
	switch field := field.(type) {
	case *string:
		if kind == "path" {
			*field = at(*field)
		}
	case *[]string:
		for i, path := range *field {
			(*field)[i] = at(path)
		}
	}
}

// overrule takes what the environment and the flags say.
func (e *Effective) overrule(from Sources) (errs []error) {
	set := func(s setting, origin Origin, values []string) {
		if reason := parse(s.field(&e.Settings), values); reason != "" {
			errs = append(errs, &SettingError{Origin: origin, Reason: reason})
		}
		e.Origins[s.Name] = origin
	}
	for _, s := range settings {
		if values, ok := from.Flags[s.Flag()]; ok {
			set(s, Origin{"flag", "--" + s.Flag()}, values)
		} else if value, _ := from.Env(s.Env()); value != "" {
			values := []string{value}
			if s.Type == "paths" {
				values = slices.DeleteFunc(filepath.SplitList(value), func(path string) bool { return path == "" })
			}
			set(s, Origin{"env", s.Env()}, values)
		}
	}
	return errs
}

// check holds each value to its rule, unless it is known not to be one.
func (e *Effective) check(known []error) (errs []error) {
	none := map[string]bool{} // the keys and names in question
	for _, err := range known {
		var at *SettingError
		var in *manifest.Error
		switch {
		case errors.As(err, &at):
			none[at.Name] = true
		case errors.As(err, &in):
			none[in.Key] = true
		}
	}
	for _, s := range settings {
		if s.check == nil || none[s.Name] || none[e.Origins[s.Name].Name] {
			continue
		}
		if reason := s.check(&e.Settings); reason != "" {
			errs = append(errs, e.placed(s.Name, reason, nil))
		}
	}
	return errs
}

// Origin is where a setting has its value from.
func (e *Effective) Origin(k Key) Origin {
	if o, ok := e.Origins[k.Name]; ok {
		return o
	}
	return Origin{Source: "default"}
}

func settingOf(name string) setting {
	i := slices.IndexFunc(settings, func(s setting) bool { return s.Name == name })
	return settings[i]
}

// parse sets a field from text, or says what is wrong with it.
func parse(field any, values []string) (reason string) {
	if list, ok := field.(*[]string); ok {
		*list = values
		return ""
	}
	text := values[len(values)-1]
	var err error
	switch field := field.(type) {
	case *string:
		*field = text
	case *bool:
		if *field, err = strconv.ParseBool(text); err != nil {
			return "must be true or false"
		}
	case *int:
		if *field, err = strconv.Atoi(text); err != nil {
			return "must be a whole number"
		}
	case *time.Duration:
		if *field, err = time.ParseDuration(text); err != nil {
			return `must be a duration like "500ms" or "5s"`
		}
	case *Size:
		if err = field.UnmarshalText([]byte(text)); err != nil {
			return err.Error()
		}
	}
	return ""
}

// textOf is parse the other way.
func textOf(field any) string {
	switch field := field.(type) {
	case *string:
		return *field
	case *bool:
		return strconv.FormatBool(*field)
	case *int:
		return strconv.Itoa(*field)
	case *time.Duration:
		return short(*field)
	case *Size:
		return field.String()
	case *[]string:
		return strings.Join(*field, string(filepath.ListSeparator))
	}
	return ""
}

// short is a duration without the units that are zero at its end.
func short(d time.Duration) string {
	text := d.String()
	if minutes, ok := strings.CutSuffix(text, "m0s"); ok {
		text = minutes + "m"
	}
	if hours, ok := strings.CutSuffix(text, "h0m"); ok {
		text = hours + "h"
	}
	return text
}
