package pack

import (
	"strconv"
	"unicode/utf8"
)

// DefaultGrowth is the [Limits].Growth in force when it is zero.
const DefaultGrowth = 1 << 20

// Limits bounds what a decoder accepts, beside the limits of the format. The
// zero Limits is the default.
type Limits struct {
	// Bytes is the largest buffer. Zero means [MaxBytes].
	Bytes int
	// Depth is the deepest nesting. Zero means [MaxDepth], which is also the most.
	Depth int
	// Growth is by how many bytes the canonical encoding of the value may exceed
	// the buffer. It can do so only in a buffer whose nodes are shared, which no
	// encoder writes. Zero means [DefaultGrowth].
	Growth int
}

// Decode reads one value, which must fill b, under the default limits. It
// copies b once and allocates no more than a small multiple of its length.
func Decode(b []byte) (Value, error) { return Limits{}.Decode(b) }

// DecodePrefix reads the value at the start of b and says how many bytes it takes.
func DecodePrefix(b []byte) (Value, int, error) { return Limits{}.decode(b, true) }

// Decode reads one value, which must fill b.
func (l Limits) Decode(b []byte) (Value, error) {
	v, _, err := l.decode(b, false)
	return v, err
}

func (l Limits) decode(b []byte, prefix bool) (Value, int, error) {
	if l.Bytes <= 0 {
		l.Bytes = MaxBytes
	}
	if l.Depth <= 0 || l.Depth > MaxDepth {
		l.Depth = MaxDepth
	}
	if l.Growth <= 0 {
		l.Growth = DefaultGrowth
	}
	if len(b) > min(l.Bytes, MaxBytes) {
		return Value{}, 0, tooLarge("Buffer too large")
	}
	var room [16]ref
	d := decoder{buf: string(b), depth: l.Depth}
	refs, end, err := d.scan(room[:], prefix)
	if err != nil {
		return Value{}, 0, err
	}
	d.limit = end + l.Growth
	d.size = headerSize
	var v Value
	if err := d.resolve(&v, refs, d.root, 1); err != nil {
		return Value{}, 0, err
	}
	return v, end, nil
}

// ref is one node of the buffer.
type ref struct {
	off, len uint32 // its payload
	size     uint32 // once done: bytes of its canonical encoding, children included
	height   uint16 // once done: its own depth
	kind     Kind
	state    refState
	at       *Value // once done: where its value stands, so that sharing it costs nothing
}

type refState uint8

const (
	refNew refState = iota
	refBusy
	refDone
)

type decoder struct {
	buf   string // the one copy; strings, types, names and packed lists refer to it
	root  uint32
	depth int

	size  int // bytes of the canonical encoding so far
	limit int // what size may reach

	values []Value // one allocation for the items of all nodes
}

// scan splits the buffer into nodes and checks what is checked of every node,
// reachable or not. It returns where the last node ends.
func (d *decoder) scan(refs []ref, prefix bool) (_ []ref, end int, err error) {
	r := reader{s: d.buf}
	if m := r.take(4); r.err == nil && m != magic {
		return nil, 0, invalid("Invalid magic")
	}
	if v := r.u16(); r.err == nil && v != wireVersion {
		return nil, 0, invalid("Unsupported version")
	}
	r.take(2)
	count := r.u32()
	d.root = r.u32()
	if r.err != nil {
		return nil, 0, r.err
	}
	if count > MaxNodes {
		return nil, 0, invalid("Node count exceeds limit")
	}
	if n := min(int(count), (len(d.buf)-headerSize)/nodeHeader); n > cap(refs) {
		refs = make([]ref, n)
	} else {
		refs = refs[:n]
	}
	for i := range int(count) {
		kind, n, err := header(&r)
		if err != nil {
			return nil, 0, err
		}
		refs[i].kind, refs[i].off, refs[i].len = kind, uint32(r.pos)-n, n
	}
	if d.root >= count {
		return nil, 0, invalid("Root index out of range")
	}
	if !prefix && r.pos != len(d.buf) {
		return nil, 0, invalid("Trailing bytes")
	}
	for i := range refs {
		if err := d.check(refs, i); err != nil {
			return nil, 0, err
		}
	}
	return refs, r.pos, nil
}

// header reads past one node.
func header(r *reader) (kind Kind, payload uint32, err error) {
	if len(r.s)-r.pos < nodeHeader { // find out which part is missing
		r.u8()
		r.take(3)
		r.u32()
		return 0, 0, r.err
	}
	kind, payload = Kind(r.s[r.pos]), le32(r.s, r.pos+4)
	r.pos += nodeHeader
	switch {
	case kind == 0 || kind > kindArray:
		return 0, 0, invalidTag(uint64(kind))
	case payload > maxPayload:
		return 0, 0, invalid("Payload too large")
	case int(payload) > len(r.s)-r.pos:
		r.take(int(payload))
		return 0, 0, r.err
	}
	r.pos += int(payload)
	return kind, payload, nil
}

func (d *decoder) payload(n *ref) reader {
	return reader{s: d.buf[n.off : n.off+n.len]}
}

// check holds one node to the rules that do not depend on being reached.
func (d *decoder) check(refs []ref, i int) error {
	n := &refs[i]
	r := d.payload(n)
	switch n.kind {
	case KindList, KindRecord, KindVariant, KindOption, KindResult:
		return nil
	case KindBool:
		if b := r.u8(); r.err == nil && b > 1 {
			return invalidAt("Invalid bool payload", i)
		}
	case KindChar:
		if c := r.u32(); r.err == nil && !validChar(c) {
			return invalidAt("Invalid char scalar", i)
		}
	case KindString:
		if s := r.take(r.length(i)); !utf8.ValidString(s) {
			return invalidAt("Invalid UTF-8 string", i)
		}
	case KindTuple:
		for range r.length(i) {
			if c := r.u32(); r.err == nil && c >= uint32(len(refs)) {
				return invalidAt("Child index out of range", i)
			}
			if r.err != nil {
				break
			}
		}
	case kindArray:
		elem := r.typ()
		if r.err == nil && elem.Kind().width() == 0 {
			return invalidAt("Non-primitive element type in Array", i)
		}
		r.take(r.length(i) * elem.Kind().width())
	default:
		r.take(n.kind.width())
	}
	return r.end(i)
}

// resolve puts the value of node i, which stands at that depth, into v.
func (d *decoder) resolve(v *Value, refs []ref, i uint32, depth int) error {
	if i >= uint32(len(refs)) {
		return invalid("Node index " + strconv.FormatUint(uint64(i), 10) + " out of range")
	}
	n := &refs[i]
	switch n.state {
	case refBusy:
		return invalid("Cycle detected in graph buffer")
	case refDone:
		if depth+int(n.height)-1 > d.depth {
			return tooDeep()
		}
		*v = *n.at
		return d.grow(int(n.size))
	}
	if depth > d.depth {
		return tooDeep()
	}
	before := d.size
	if err := d.grow(nodeHeader + int(n.len)); err != nil {
		return err
	}
	n.state = refBusy
	n.height = 1
	if err := d.value(v, refs, int(i), depth); err != nil {
		return err
	}
	n.size = uint32(d.size - before)
	n.state = refDone
	return nil
}

// grow counts bytes of the canonical encoding.
func (d *decoder) grow(n int) error {
	d.size += n
	if d.size > d.limit {
		return tooLarge("Shared nodes expand too far")
	}
	return nil
}

func (d *decoder) value(v *Value, refs []ref, i, depth int) error {
	n := &refs[i]
	r := d.payload(n)
	v.kind = n.kind
	count := 0
	switch n.kind {
	case KindString:
		v.str = r.s[4:]
		return nil
	case kindArray:
		return packedValue(v, Kind(r.s[0]), r.s[5:])
	case KindTuple:
		count = int(r.u32())
	case KindList:
		elem := r.typ()
		if r.err == nil && elem.Kind().width() > 0 {
			return invalid("List node with primitive elem_type; expected Array node")
		}
		v.str = elem.wire()
		count = r.length(i)
	case KindRecord:
		r.name("type name")
		count = r.length(i)
		for j := 0; j < count && r.err == nil; j++ {
			r.name("field name")
		}
		v.str = r.s[:r.pos]
	case KindVariant:
		r.name("type name")
		r.name("case name")
		v.str = r.s[:r.pos]
		v.num = uint64(r.u32())
		count = r.length(i)
	case KindOption:
		v.str = r.typ().wire()
		if r.u8() == 1 {
			v.flag, count = 1, 1
		}
	case KindResult:
		r.typ()
		r.typ()
		v.str = r.s[:r.pos]
		if r.u32() == 0 {
			v.flag = 1
		}
		if p := r.u8(); r.err == nil && p != 1 {
			return invalid("Result must have payload")
		}
		count = 1
	default:
		*v = fixedValue(n.kind, r.s)
		return nil
	}
	return d.children(v, refs, i, depth, count, &r)
}

// children reads count node indices, which must end the payload, and gives v
// the values they name.
func (d *decoder) children(v *Value, refs []ref, i, depth, count int, r *reader) error {
	start := r.pos
	r.take(4 * count)
	if err := r.end(i); err != nil {
		return err
	}
	if count == 0 {
		return nil
	}
	// Each child takes at least a node header, so a buffer within its limit
	// cannot ask for much.
	if d.size+count*nodeHeader > d.limit {
		return tooLarge("Shared nodes expand too far")
	}
	v.items = d.take(count, len(refs)-1)
	for j := range v.items {
		c := le32(r.s, start+4*j)
		if err := d.resolve(&v.items[j], refs, c, depth+1); err != nil {
			return err
		}
		child := &refs[c]
		if child.at == nil {
			child.at = &v.items[j]
		}
		refs[i].height = max(refs[i].height, child.height+1)
	}
	return nil
}

func (d *decoder) take(n, all int) []Value {
	if d.values == nil {
		d.values = make([]Value, all)
	}
	if n > len(d.values) {
		return make([]Value, n)
	}
	items := d.values[:n:n]
	d.values = d.values[n:]
	return items
}

// packedValue makes v the list of the elements in data, which has whole elements.
func packedValue(v *Value, elem Kind, data string) error {
	switch elem {
	case KindChar:
		for i := 0; i < len(data); i += 4 {
			if !validChar(le32(data, i)) {
				return invalid("Invalid char in array")
			}
		}
	case KindBool:
		for i := range len(data) {
			if data[i] > 1 {
				data = plainBools(data)
				break
			}
		}
	}
	*v = Value{kind: KindList, flag: uint8(elem), str: data}
	return nil
}

func plainBools(data string) string {
	b := []byte(data)
	for i := range b {
		b[i] = min(b[i], 1)
	}
	return string(b)
}

func validChar(c uint32) bool { return c <= utf8.MaxRune && utf8.ValidRune(rune(c)) }
