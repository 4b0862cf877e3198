package wasm

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// Limits bound what a module may ask of the compiler and of every instance of
// it. A module within DefaultLimits compiles in a time that its size bounds.
type Limits struct {
	Module       int // bytes of the module
	Types        int // function types
	Values       int // parameters, and results, of a type
	TypeValues   int // parameters and results of all types
	Name         int // bytes of an import's or export's name
	Functions    int // imported and defined
	Imports      int
	Exports      int
	Globals      int
	Tables       int
	TableSize    int // elements that the tables of a module begin with, together
	Memory       int // pages of 64 KiB that the memory begins with
	Elements     int // element segments
	ElementItems int // items of all element segments
	Data         int // data segments
	Locals       int // locals of a function, with its parameters
	Body         int // bytes of a function's body
	Nesting      int // blocks inside each other
	BranchTable  int // targets of one br_table
	Joins        int // values that meet at the labels of all functions, see JoinsPerByte
	JoinsPerByte int // what each byte of the code section adds to Joins
}

// DefaultLimits let through what compilers make of ordinary programs of 10 MB.
var DefaultLimits = Limits{
	Module:       MaxModuleSize,
	Types:        20_000,
	Values:       256,
	TypeValues:   500_000,
	Name:         100_000,
	Functions:    100_000,
	Imports:      10_000,
	Exports:      20_000,
	Globals:      20_000,
	Tables:       16,
	TableSize:    1 << 18,
	Memory:       16_384,
	Elements:     20_000,
	ElementItems: 1 << 20,
	Data:         100_000,
	Locals:       10_000,
	Body:         1 << 20,
	Nesting:      1_500,
	BranchTable:  4_096,
	Joins:        500_000,
	JoinsPerByte: 2,
}

// CheckError says why a module is refused before anything is made of it.
type CheckError struct {
	Limit      string // the limit's name; "" for a module that breaks a rule of the format
	Value, Max uint64 // what was found and what is allowed, with Limit
	InFunction bool   // whether Function is known
	Function   uint32 // index in the module
	Name       string // of that function, "" where the module gives none
	Offset     int    // bytes from the beginning of the module
	Err        error  // the rule that was broken, without Limit
}

func (e *CheckError) Error() string {
	what := fmt.Sprintf("byte 0x%x: %v", e.Offset, e.Err)
	if e.Limit != "" {
		what = fmt.Sprintf("%s: %d, the limit is %d", e.Limit, e.Value, e.Max)
	}
	switch {
	case !e.InFunction:
		return "the module is refused: " + what
	case e.Name != "":
		return fmt.Sprintf("the module is refused: %s (function %d): %s", e.Name, e.Function, what)
	}
	return fmt.Sprintf("the module is refused: function %d: %s", e.Function, what)
}

// Unwrap returns the rule that was broken.
func (e *CheckError) Unwrap() error { return e.Err }

// Checked is a module that Check let through, with what Rewrite needs of it. It
// refers to the bytes that were checked.
type Checked struct {
	code      []byte
	sections  [sectionLast + 1]span
	types     []functype
	functions []uint32 // types of the imported, then of the defined ones
	tables    []table
	globals   []global
	bodies    []span
	facts     []facts // of the bodies
	exports   []export
	memories  int
	memory    MemoryLimits
	elements  int
	data      int
	dataCount bool
	start     uint32
	hasStart  bool

	importedFunctions, importedGlobals, importedTables int

	declared      map[uint32]bool // functions that ref.func may name
	changesTables bool            // has instructions that write to tables
	dropsSegments bool
	vectors       bool   // there may be values of 16 bytes
	joins         uint64 // values at labels, see Limits.Joins
}

// span is a range of bytes; end is 0 for what the module does not have.
type span struct{ at, end int }

// facts are what Rewrite needs to know of a body before it reads it.
type facts struct {
	values uint32 // locals and the most values on the stack
	calls  uint32
	leaves bool // a branch goes to the end of the function
	floats bool // there is arithmetic of floats that may give a NaN
}

type table struct {
	typ      byte
	min, max uint32
	hasMax   bool
}

type global struct {
	typ     byte
	mutable bool
}

type export struct {
	name  string
	kind  byte
	index uint32
}

// checker is one run of Check.
type checker struct {
	*Checked
	r       *reader // of the section being read
	limits  Limits
	seen    int // rank of the last section
	defined int // functions that the function section declares
	items   int // element items so far
	values  int // of the types so far
	nest    []frame
	body    uint32 // function being read
	inBody  bool
}

const (
	sectionFunction  = 3
	sectionTable     = 4
	sectionGlobal    = 6
	sectionStart     = 8
	sectionElement   = 9
	sectionData      = 11
	sectionDataCount = 12
	sectionTag       = 13
	sectionLast      = sectionDataCount
)

// sectionRank is the order in which sections come, by id.
var sectionRank = [...]int{sectionType: 1, sectionImport: 2, sectionFunction: 3, sectionTable: 4, sectionMemory: 5,
	sectionGlobal: 6, sectionExport: 7, sectionStart: 8, sectionElement: 9, sectionDataCount: 10, sectionCode: 11, sectionData: 12}

// sectionReaders read the sections by id.
var sectionReaders = [...]func(*checker){
	sectionType: (*checker).readTypes, sectionImport: (*checker).readImports, sectionFunction: (*checker).readFunctions,
	sectionTable: (*checker).readTables, sectionMemory: (*checker).readMemories, sectionGlobal: (*checker).readGlobals,
	sectionExport: (*checker).readExports, sectionStart: (*checker).readStart, sectionElement: (*checker).readElements,
	sectionDataCount: (*checker).readDataCount, sectionCode: (*checker).readCode, sectionData: (*checker).readData,
}

// Check reads a core module once, without recursion and with memory of a small
// multiple of its size, and holds every count and every index against the module
// and the limits. What it leaves to the compiler is the types of operands, which
// Rewrite keeps. The refusal is a *CheckError; it keeps code while the result is
// used.
func Check(code []byte, limits Limits) (*Checked, error) {
	c := &checker{
		Checked: &Checked{code: code, declared: map[uint32]bool{}},
		r:       &reader{b: code},
		limits:  limits,
	}
	c.run()
	if c.r.err == nil {
		return c.Checked, nil
	}
	return nil, c.refusal()
}

// refusal is the error of the reader as a *CheckError.
func (c *checker) refusal() error {
	var refused *CheckError
	if !errors.As(c.r.err, &refused) {
		refused = &CheckError{Err: c.r.err}
	}
	refused.Offset = c.r.at
	if refused.InFunction = c.inBody; c.inBody {
		refused.Function = c.body
		if l, err := ReadLayout(c.code); err == nil {
			refused.Name = l.FunctionName(c.body)
		}
	}
	return refused
}

func (c *checker) run() {
	if !c.limit("bytes of the module", uint64(len(c.code)), c.limits.Module) {
		return
	}
	if err := checkPreamble(c.code); err != nil {
		c.r.fail(err)
		return
	}
	whole := c.r
	whole.at = 8
	for whole.at < len(c.code) {
		id := whole.byte()
		size := whole.u32()
		from := whole.at
		if whole.skip(size); whole.err != nil {
			c.r = whole
			return
		}
		c.r = &reader{b: c.code[:whole.at], at: from}
		c.section(id)
		if c.r.err != nil {
			return
		}
	}
	c.r = whole
	c.whole()
}

// section reads one section, for which c.r was made.
func (c *checker) section(id byte) {
	switch {
	case id == sectionCustom:
		if !utf8.ValidString(c.r.name()) {
			c.r.fail(errName)
		}
		return
	case id == sectionTag:
		c.r.fail(featureExceptions)
		return
	case id > sectionLast:
		c.r.fail(fmt.Errorf("section %d does not exist", id))
		return
	case sectionRank[id] <= c.seen:
		c.r.fail(fmt.Errorf("section %d is out of order or comes twice", id))
		return
	}
	c.seen = sectionRank[id]
	c.sections[id] = span{c.r.at, len(c.r.b)}
	sectionReaders[id](c)
	if c.r.at != len(c.r.b) {
		c.r.fail(fmt.Errorf("section %d has %d bytes more than it declares", id, len(c.r.b)-c.r.at))
	}
}

// whole checks what sections say of each other.
func (c *checker) whole() {
	if c.defined != len(c.bodies) {
		c.r.fail(fmt.Errorf("%d functions are declared and %d have a body", c.defined, len(c.bodies)))
	}
	if c.dataCount && c.sections[sectionData].end == 0 && c.data != 0 {
		c.r.fail(fmt.Errorf("%d data segments are declared and none is there", c.data))
	}
}

var (
	errName = errors.New("a name is not UTF-8")
	errByte = errors.New("a byte that has no meaning")
)

// limit holds a value against its limit.
func (c *checker) limit(name string, value uint64, limit int) bool {
	if value > uint64(limit) {
		c.r.fail(&CheckError{Limit: name, Value: value, Max: uint64(limit)})
		return false
	}
	return true
}

// count reads how many items follow, each of which takes at least size bytes.
func (c *checker) count(name string, size, limit int) int {
	n := uint64(c.r.u32())
	if left := len(c.r.b) - c.r.at; c.r.err == nil && n*uint64(size) > uint64(left) {
		c.r.fail(fmt.Errorf("%s: %d are declared where %d bytes are left", name, n, left))
	}
	if c.r.err != nil || !c.limit(name, n, limit) {
		return 0
	}
	return int(n)
}

// index reads an index and holds it against the number of what it names.
func (c *checker) index(name string, n int) uint32 {
	i := c.r.u32()
	c.bound(name, i, n)
	return i
}

// bound holds an index against the number of what it names.
func (c *checker) bound(name string, i uint32, n int) bool {
	if c.r.err == nil && uint64(i) >= uint64(n) {
		c.r.fail(fmt.Errorf("%s %d does not exist, there are %d", name, i, n))
	}
	return c.r.err == nil
}
