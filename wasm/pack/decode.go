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
	d := decoder{buf: string(b), refs: room[:0], depth: l.Depth}
	end, err := d.scan(prefix)
	if err != nil {
		return Value{}, 0, err
	}
	d.limit = end + l.Growth
	d.size = headerSize
	v, err := d.resolve(d.root, 1)
	if err != nil {
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
	refs  []ref
	root  uint32
	depth int

	size  int // bytes of the canonical encoding so far
	limit int // what size may reach

	parents int     // nodes that may have children
	values  []Value // one allocation for the items of all nodes
	nodes   []node
}

// scan splits the buffer into nodes and checks what is checked of every node,
// reachable or not. It returns where the last node ends.
func (d *decoder) scan(prefix bool) (end int, err error) {
	r := reader{s: d.buf}
	if m := r.take(4); r.err == nil && m != magic {
		return 0, invalid("Invalid magic")
	}
	if v := r.u16(); r.err == nil && v != wireVersion {
		return 0, invalid("Unsupported version")
	}
	r.take(2)
	count := r.u32()
	d.root = r.u32()
	if r.err != nil {
		return 0, r.err
	}
	if count > MaxNodes {
		return 0, invalid("Node count exceeds limit")
	}
	if n := min(int(count), (len(d.buf)-headerSize)/nodeHeader); n > cap(d.refs) {
		d.refs = make([]ref, 0, n)
	}
	for range count {
		if err := d.header(&r); err != nil {
			return 0, err
		}
	}
	if d.root >= count {
		return 0, invalid("Root index out of range")
	}
	if !prefix && r.pos != len(d.buf) {
		return 0, invalid("Trailing bytes")
	}
	for i := range d.refs {
		if err := d.check(i); err != nil {
			return 0, err
		}
	}
	return r.pos, nil
}

func (d *decoder) header(r *reader) error {
	kind := Kind(r.u8())
	if r.err == nil && (kind == 0 || kind > kindArray) {
		return invalidTag(uint64(kind))
	}
	r.take(3)
	n := r.u32()
	if r.err == nil && n > maxPayload {
		return invalid("Payload too large")
	}
	off := r.pos
	r.take(int(n))
	if r.err != nil {
		return r.err
	}
	switch kind {
	case KindTuple, KindList, KindRecord, KindVariant, KindOption, KindResult:
		d.parents++
	}
	d.refs = append(d.refs, ref{off: uint32(off), len: n, kind: kind})
	return nil
}

func (d *decoder) payload(n *ref) reader {
	return reader{s: d.buf[n.off : n.off+n.len]}
}

// check holds one node to the rules that do not depend on being reached.
func (d *decoder) check(i int) error {
	n := &d.refs[i]
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
		if s := r.take(r.length(i)); r.err == nil && !utf8.ValidString(s) {
			return invalidAt("Invalid UTF-8 string", i)
		}
	case KindTuple:
		for range r.length(i) {
			if c := r.u32(); r.err == nil && c >= uint32(len(d.refs)) {
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

// resolve makes the value of node i, which stands at that depth.
func (d *decoder) resolve(i uint32, depth int) (Value, error) {
	if i >= uint32(len(d.refs)) {
		return Value{}, invalid("Node index " + strconv.FormatUint(uint64(i), 10) + " out of range")
	}
	n := &d.refs[i]
	switch n.state {
	case refBusy:
		return Value{}, invalid("Cycle detected in graph buffer")
	case refDone:
		if depth+int(n.height)-1 > d.depth {
			return Value{}, tooDeep()
		}
		d.size += int(n.size)
		if d.size > d.limit {
			return Value{}, tooLarge("Shared nodes expand too far")
		}
		return *n.at, nil
	}
	if depth > d.depth {
		return Value{}, tooDeep()
	}
	before := d.size
	d.size += nodeHeader + int(n.len)
	if d.size > d.limit {
		return Value{}, tooLarge("Shared nodes expand too far")
	}
	n.state = refBusy
	n.height = 1
	v, err := d.value(int(i), depth)
	if err != nil {
		return Value{}, err
	}
	n.size = uint32(d.size - before)
	n.state = refDone
	return v, nil
}

func (d *decoder) value(i, depth int) (Value, error) {
	n := &d.refs[i]
	r := d.payload(n)
	switch n.kind {
	case KindString:
		return Value{kind: KindString, str: r.s[4:]}, nil
	case kindArray:
		return packedValue(Kind(r.s[0]), r.s[5:])
	case KindTuple:
		return d.children(Value{kind: KindTuple}, "", i, int(r.u32()), r, depth)
	case KindList:
		elem := r.typ()
		if r.err == nil && elem.Kind().width() > 0 {
			return Value{}, invalid("List node with primitive elem_type; expected Array node")
		}
		return d.children(Value{kind: KindList, str: elem.wire()}, "", i, r.length(i), r, depth)
	case KindRecord:
		name := r.name("type name")
		count := r.length(i)
		start := r.pos
		for j := 0; j < count && r.err == nil; j++ {
			r.name("field name")
		}
		return d.children(Value{kind: KindRecord, str: name}, r.s[start:r.pos], i, count, r, depth)
	case KindVariant:
		typ, name, tag := r.name("type name"), r.name("case name"), r.u32()
		return d.children(Value{kind: KindVariant, str: typ, tag: tag}, name, i, r.length(i), r, depth)
	case KindOption:
		v := Value{kind: KindOption, str: r.typ().wire()}
		if r.u8() == 1 {
			v.flag = 1
		}
		return d.children(v, "", i, int(v.flag), r, depth)
	case KindResult:
		start := r.pos
		r.typ()
		r.typ()
		v := Value{kind: KindResult, str: r.s[start:r.pos]}
		if r.u32() == 0 {
			v.flag = 1
		}
		if p := r.u8(); r.err == nil && p != 1 {
			return Value{}, invalid("Result must have payload")
		}
		return d.children(v, "", i, 1, r, depth)
	}
	return fixedValue(n.kind, r.s), nil
}

// children reads count node indices, which must end the payload, and gives v
// the values they name.
func (d *decoder) children(v Value, names string, i, count int, r reader, depth int) (Value, error) {
	start := r.pos
	if whole := (len(r.s) - start) / 4; r.err == nil && count > whole {
		return Value{}, tooSmall(start+4*whole+4, len(r.s))
	}
	r.take(4 * count)
	if err := r.end(i); err != nil {
		return Value{}, err
	}
	if count == 0 && v.kind == KindTuple {
		return Value{}, nil
	}
	if count == 0 && v.kind != KindVariant {
		return v, nil
	}
	// Each child takes a node header and more, so that a buffer within its
	// limit cannot ask for much.
	if d.size+count*nodeHeader > d.limit {
		return Value{}, tooLarge("Shared nodes expand too far")
	}
	items := d.take(count)
	for j := range items {
		c := le32(r.s, start+4*j)
		item, err := d.resolve(c, depth+1)
		if err != nil {
			return Value{}, err
		}
		items[j] = item
		child := &d.refs[c]
		if child.at == nil {
			child.at = &items[j]
		}
		d.refs[i].height = max(d.refs[i].height, child.height+1)
	}
	v.node = d.node(items, names)
	return v, nil
}

func (d *decoder) take(n int) []Value {
	if d.values == nil {
		d.values = make([]Value, len(d.refs)-1)
	}
	if n > len(d.values) {
		return make([]Value, n)
	}
	items := d.values[:n:n]
	d.values = d.values[n:]
	return items
}

func (d *decoder) node(items []Value, names string) *node {
	if d.nodes == nil {
		d.nodes = make([]node, d.parents)
	}
	n := &d.nodes[0]
	d.nodes = d.nodes[1:]
	n.items, n.names = items, names
	return n
}

// packedValue makes the list of the elements in data, which has whole elements.
func packedValue(elem Kind, data string) (Value, error) {
	switch elem {
	case KindChar:
		for i := 0; i < len(data); i += 4 {
			if !validChar(le32(data, i)) {
				return Value{}, invalid("Invalid char in array")
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
	return Value{kind: KindList, flag: uint8(elem), str: data}, nil
}

func plainBools(data string) string {
	b := []byte(data)
	for i := range b {
		b[i] = min(b[i], 1)
	}
	return string(b)
}

func validChar(c uint32) bool { return c <= utf8.MaxRune && utf8.ValidRune(rune(c)) }
