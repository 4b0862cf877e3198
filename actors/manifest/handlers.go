package manifest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// capabilities are Theater's names in [permission_policy]. They may be
// inherited and disallowed whether or not this build has their handler.
var capabilities = []string{
	"environment", "file_system", "http_client", "http_framework", "message_server",
	"process", "random", "runtime", "store", "supervisor", "timing",
}

// handlers decodes the [[handler]] tables.
func (r *reader) handlers(at *place, value any) {
	first := map[string]int{}
	for i, item := range r.tables(at, "handler", value) {
		place, key := at.item(i), element("handler", i)
		table := r.table(place, key, item)
		if table == nil {
			continue
		}
		kind, ok := r.kindOf(place, key, table)
		if !ok {
			continue
		}
		line := r.lines.at(place).line
		if earlier, twice := first[kind]; twice {
			r.report(place, key, fmt.Sprintf("a second handler of type %q", kind), fmt.Sprintf("the first is in line %d", earlier))
			continue
		}
		first[kind] = line
		config, ok := r.registry.NewConfig(kind)
		if !ok {
			r.report(place.key("type"), child(key, "type"), fmt.Sprintf("unknown handler type %q", kind),
				suggest(kind, slices.Sorted(slices.Values(r.registry.HandlerTypes()))))
			continue
		}
		r.config(place, key, without(table, "type"), config)
		r.manifest.Handlers = append(r.manifest.Handlers, Handler{Type: kind, Config: config, Line: line})
	}
}

// tables returns an array of tables, or none where there is something else.
func (r *reader) tables(at *place, name string, value any) []any {
	tables, ok := value.([]any)
	if !ok && value != nil {
		r.report(at, name, fmt.Sprintf("must be an array of tables, not %s", typeName(value)), "write [["+name+"]]")
	}
	return tables
}

// kindOf returns the type that a table names.
func (r *reader) kindOf(at *place, key string, table map[string]any) (string, bool) {
	value, ok := table["type"]
	if !ok {
		r.report(at, child(key, "type"), "is missing", "")
		return "", false
	}
	kind, ok := value.(string)
	if !ok {
		r.mismatch(at.key("type"), child(key, "type"), "a string", value)
	}
	return kind, ok
}

// policies decodes [permission_policy].
func (r *reader) policies(at *place, value any) {
	if value == nil {
		return
	}
	table := r.table(at, "permission_policy", value)
	if table == nil {
		return
	}
	r.manifest.PermissionPolicy = make(map[string]Policy, len(table))
	for capability, item := range table {
		key := child("permission_policy", capability)
		place := at.key(capability)
		config, supported := r.registry.NewPolicy(capability)
		if !supported && !slices.Contains(capabilities, capability) {
			r.report(place, key, "unknown capability", suggest(capability, r.policyNames()))
			continue
		}
		if entry := r.table(place, key, item); entry != nil {
			r.manifest.PermissionPolicy[capability] = r.policy(place, key, entry, config, supported)
		}
	}
}

// policy decodes one entry of [permission_policy].
func (r *reader) policy(at *place, key string, entry map[string]any, config any, supported bool) Policy {
	kind, ok := r.kindOf(at, key, entry)
	if !ok {
		return Policy{}
	}
	mode := slices.Index(modeNames[:], kind)
	if mode < 0 {
		r.report(at.key("type"), child(key, "type"), mustBe(modeNames[:], kind), nearest(kind, modeNames[:]))
		return Policy{}
	}
	known := []string{"type"}
	if Mode(mode) == Restrict {
		known = append(known, "config")
	}
	for name := range entry {
		switch {
		case slices.Contains(known, name):
		case name == "config":
			r.report(at.key(name), child(key, name), "goes with type = \"restrict\" only", "")
		default:
			r.report(at.key(name), child(key, name), "unknown key", suggest(name, known))
		}
	}
	if Mode(mode) != Restrict {
		return Policy{Mode: Mode(mode)}
	}
	return r.restriction(at, key, entry, config, supported)
}

// restriction decodes the config of a restrict policy.
func (r *reader) restriction(at *place, key string, entry map[string]any, config any, supported bool) Policy {
	value, ok := entry["config"]
	switch {
	case !supported:
		r.report(at, key, "this build has no handler for the capability, so nothing would hold the restriction", `use "disallow"`)
	case !ok:
		r.report(at, child(key, "config"), "is missing", "")
	default:
		place := at.key("config")
		if table := r.table(place, child(key, "config"), value); table != nil {
			r.config(place, child(key, "config"), table, config)
		}
	}
	return Policy{Mode: Restrict, Config: config}
}

// policyNames lists the capabilities that a policy may name.
func (r *reader) policyNames() []string {
	names := slices.Clone(capabilities)
	for _, handler := range r.registry.HandlerTypes() {
		name := strings.ReplaceAll(handler, "-", "_")
		if _, ok := r.registry.NewPolicy(name); ok && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func without(table map[string]any, name string) map[string]any {
	rest := maps.Clone(table)
	delete(rest, name)
	return rest
}

// Settings is the table without its type, as TOML; "" where it has none.
func (h Handler) Settings() string {
	text, err := toml.Marshal(h.Config)
	if err != nil {
		return ""
	}
	return string(text)
}
