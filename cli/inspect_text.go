package cli

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
)

// Bounds of what is shown in text; JSON has all.
const (
	maxNameShown  = 60 // bytes
	maxNamesShown = 8  // in a line
	maxFacesShown = 30
	maxRefusals   = 20
)

func (p *program) showInspection(i *inspection) error {
	if err := p.writeColumns(i.facts()); err != nil {
		return err
	}
	if err := p.section(i.importRows()); err != nil {
		return err
	}
	if err := p.section(i.exportRows()); err != nil {
		return err
	}
	if len(i.refusals) == 0 {
		_, err := fmt.Fprintf(p.out, "\n# theater runs it with this manifest\n%s", i.manifest)
		return err
	}
	var b strings.Builder
	b.WriteString("\ntheater does not run it\n")
	for _, r := range i.refusals[:min(len(i.refusals), maxRefusals)] {
		fmt.Fprintf(&b, "  %s\n", cut(escape(r.Reason), 4*maxShown))
		if r.Hint != "" {
			fmt.Fprintf(&b, "    %s\n", clip(r.Hint))
		}
	}
	if more := len(i.refusals) - maxRefusals; more > 0 {
		fmt.Fprintf(&b, "  and for %s more\n", count(more, "reason"))
	}
	_, err := p.out.Write([]byte(b.String()))
	return err
}

// section writes a table below a blank line, unless it has nothing but heads.
func (p *program) section(rows [][]string) error {
	if len(rows) < 2 {
		return nil
	}
	if _, err := fmt.Fprintln(p.out); err != nil {
		return err
	}
	for n, row := range rows {
		for len(row) > 0 && row[len(row)-1] == "" { // else they end in blanks
			row = row[:len(row)-1]
		}
		rows[n] = row
	}
	return p.writeColumns(rows)
}

var generations = map[wasm.Generation]string{
	wasm.Plain:       "plain, with its own allocator",
	wasm.NoAllocator: "none, or that of packr before 0.2",
	wasm.SideModule:  "side module of packr 0.8",
	wasm.Member:      "unlinked member of packr 0.9 and 0.10",
	wasm.Composite:   "composite of packr compose",
	wasm.Command:     "none: a program that runs once",
	wasm.Component:   "none: a component",
	wasm.Unknown:     "not recognised",
}

// facts are the lines about the module as a whole.
func (i *inspection) facts() [][]string {
	rows := [][]string{{"file", clip(i.file)}, {"sha256", hex.EncodeToString(i.Sum[:])}}
	bytes := size(i.Size)
	if i.Rewritten > 0 {
		bytes += ", rewritten " + size(i.Rewritten)
	}
	abi := generations[i.Generation]
	if i.module != nil {
		abi += "; values in CGRF 2"
	}
	rows = append(rows, []string{"size", bytes}, []string{"ABI", abi})
	if len(i.Sections) == 0 {
		return rows
	}
	functions := fmt.Sprintf("%d, %s", i.Functions, map[bool]string{true: "none named", false: fmt.Sprintf("%d named", i.Named)}[i.Named == 0])
	if i.DWARF {
		functions += ", with DWARF"
	}
	rows = append(rows, []string{"functions", functions}, []string{"memory", i.memory()}, []string{"tables", i.tables()})
	if made := i.madeBy(); made != "" {
		rows = append(rows, []string{"made by", made})
	}
	switch {
	case i.Rewritten == 0:
	case i.Fixed == "":
		rows = append(rows, []string{"snapshots", "possible"})
	default:
		rows = append(rows, []string{"snapshots", "not possible: " + clip(i.Fixed)})
	}
	return rows
}

func (i *inspection) memory() string {
	if i.Memory == (wasm.MemoryLimits{}) {
		return "none"
	}
	text := count(i.Memory.Min, "page") + " (" + size(i.Memory.Min<<16) + "), "
	if !i.Memory.HasMax {
		return text + "no maximum"
	}
	return text + "at most " + count(i.Memory.Max, "page")
}

func (i *inspection) tables() string {
	if len(i.Tables) == 0 {
		return "none"
	}
	var parts []string
	for _, t := range i.Tables {
		parts = append(parts, count(t.Min, "element"))
	}
	return strings.Join(parts, ", ")
}

// madeBy are the languages and tools that left their names.
func (i *inspection) madeBy() string {
	var parts []string
	for _, p := range i.Producers {
		if part := strings.TrimSpace(p.Name + " " + p.Version); !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	return clip(strings.Join(parts, ", "))
}

func (i *inspection) importRows() [][]string {
	rows := [][]string{{"IMPORTS", "FUNCTIONS", "HANDLER", "HASH"}}
	for n, f := range i.imports {
		if n == maxFacesShown {
			rows = append(rows, []string{fmt.Sprintf("and %d more", len(i.imports)-n)})
			break
		}
		handler := f.handler
		if handler == "" && i.module != nil {
			handler = "none"
		}
		rows = append(rows, []string{guestName(f.name), nameList(f.functions), handler, f.hashes()})
	}
	if len(i.wasi) > 0 {
		rows = append(rows, []string{"WASI", count(len(i.wasi), "function"), "not needed"})
	}
	return rows
}

// hashes are the declared hash of an imported interface and what the handler
// has to say of it.
func (f *face) hashes() string {
	switch {
	case f.hash == nil:
		return ""
	case f.theirs == nil:
		return shortHash(f.hash)
	case f.agrees():
		return shortHash(f.hash) + ", as the handler's"
	}
	return shortHash(f.hash) + ", not the handler's " + shortHash(f.theirs)
}

func (i *inspection) exportRows() [][]string {
	rows := [][]string{{"EXPORTS", "FUNCTIONS", "HASH"}}
	for n, f := range i.exports {
		if n == maxFacesShown {
			rows = append(rows, []string{fmt.Sprintf("and %d more", len(i.exports)-n)})
			break
		}
		callable, undeclared, missing := i.sort(&f)
		var functions []string
		for _, part := range []struct {
			what string
			list []string
		}{{"", callable}, {"not declared: ", undeclared}, {"declared, not there: ", missing}} {
			if len(part.list) > 0 {
				functions = append(functions, part.what+nameList(part.list))
			}
		}
		rows = append(rows, []string{guestName(f.name), strings.Join(functions, "; "), shortHash(f.hash)})
	}
	if len(i.others) > 0 {
		rows = append(rows, []string{"others", nameList(i.others)})
	}
	return rows
}

// nameList is a line of names of a module.
func nameList(list []string) string {
	shown := make([]string, 0, maxNamesShown+1)
	for n, name := range list {
		if n == maxNamesShown {
			shown = append(shown, fmt.Sprintf("and %d more", len(list)-n))
			break
		}
		shown = append(shown, guestName(name))
	}
	return strings.Join(shown, ", ")
}

// guestName is a name of a module, quoted where it could be taken for something
// else.
func guestName(s string) string {
	if s == "" || strings.ContainsAny(s, " ,;\"\t") || escape(s) != s {
		s = strconv.QuoteToGraphic(s)
	}
	return cut(s, maxNameShown)
}

func shortHash(h *pack.Hash) string { return hexOf(h)[:min(12, len(hexOf(h)))] }
