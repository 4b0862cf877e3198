package pack

import (
	"encoding/binary"
	"unicode/utf8"
	"unsafe"
)

// View is an encoded value looked at where it lies: its nodes are found and
// checked, but no [Value] is made of them. Scan fills it, and again with the
// next value; a View that is kept allocates only when it meets more nodes than
// before. It is not safe for concurrent use.
//
// Nodes are named by their index. In what Encode writes a node comes right after
// its children and all below them, so that every part of a value is one run of
// bytes, and the root is the last node.
type View struct {
	buf   []byte
	nodes []viewNode // from base on
	open  []uint32   // nodes whose parent has not been met, while scanning
	base  uint32     // the root of the known part, all of which stands for one node; 0 without one
	fits  *TypeDesc  // a type that the known part has
}

// viewNode is one node of the buffer.
type viewNode struct {
	at, end uint32 // its header, and the end of its payload
	refs    uint32 // offset of the indices of its children, which end its payload
	first   uint32 // the first node of the part that it is the root of
	start   uint32 // where that node begins
	height  uint16
	kind    Kind
}

// Part is a part of a scanned value, as a value of its own.
type Part struct {
	Bytes  []byte // as Encode writes it
	height uint16 // 0 for a Part that was not scanned
}

// Scan takes in the value that b holds and reports whether b is what [Encode]
// writes for it, byte for byte. Where it is not, b may still be one that [Decode]
// accepts. The view refers to b, which must not change while it is in use.
func (v *View) Scan(b []byte) bool { return v.ScanAfter(b, Part{}, nil) }

// ScanAfter is Scan of a value that may well begin with a part that is known, as
// the state of an actor is to the result of its next turn: that is compared and
// not looked into. Where it begins so, the parts below the known one cannot be
// asked for, and it [View.Fits] the type fits alone, which the caller knows.
func (v *View) ScanAfter(b []byte, known Part, fits *TypeDesc) bool {
	v.buf, v.nodes, v.open, v.base = b, v.nodes[:0], v.open[:0], 0
	if len(b) < headerSize || len(b) > MaxBytes || string(b[:4]) != magic ||
		binary.LittleEndian.Uint32(b[4:]) != wireVersion {
		return false
	}
	count := binary.LittleEndian.Uint32(b[8:])
	if count == 0 || count > MaxNodes || binary.LittleEndian.Uint32(b[12:]) != count-1 {
		return false
	}
	at := headerSize
	if size := len(known.Bytes); known.height > 0 && len(b) > size && string(b[headerSize:size]) == string(known.Bytes[headerSize:]) {
		v.base, v.fits, at = binary.LittleEndian.Uint32(known.Bytes[8:])-1, fits, size
		v.nodes = append(v.nodes, viewNode{at: headerSize, end: uint32(size), refs: uint32(size), start: headerSize, height: known.height})
		v.open = append(v.open, v.base)
		if count <= v.base {
			return false
		}
		count -= v.base + 1
	}
	for range count {
		if len(b)-at < nodeHeader || b[at+1] != 0 || b[at+2] != 0 || b[at+3] != 0 {
			return false
		}
		size := binary.LittleEndian.Uint32(b[at+4:])
		if size > maxPayload || uint64(size) > uint64(len(b)-at-nodeHeader) {
			return false
		}
		end := at + nodeHeader + int(size)
		if !v.node(uint32(at), uint32(end)) {
			return false
		}
		at = end
	}
	return at == len(b) && len(v.open) == 1
}

// node takes in the node at b[at:end].
func (v *View) node(at, end uint32) bool {
	kind := Kind(v.buf[at])
	refs, children, ok := layout(kind, v.buf[at+nodeHeader:end])
	if !ok {
		return false
	}
	i := v.base + uint32(len(v.nodes))
	v.nodes = append(v.nodes, viewNode{at: at, end: end, first: i, start: at, refs: at + nodeHeader + uint32(refs), height: 1, kind: kind})
	if children > 0 && !v.adopt(&v.nodes[len(v.nodes)-1], children) {
		return false
	}
	v.open = append(v.open, i)
	return true
}

// adopt gives the node the last of those that have no parent yet.
func (v *View) adopt(n *viewNode, children int) bool {
	below := len(v.open) - children
	if below < 0 {
		return false
	}
	for j, c := range v.open[below:] {
		if binary.LittleEndian.Uint32(v.buf[int(n.refs)+4*j:]) != c {
			return false
		}
		n.height = max(n.height, v.at(c).height+1)
	}
	leftmost := v.at(v.open[below])
	n.first, n.start = leftmost.first, leftmost.start
	v.open = v.open[:below]
	return n.height <= MaxDepth
}

// at is the node of that index.
func (v *View) at(i uint32) *viewNode { return &v.nodes[i-v.base] }

// layout checks a payload as far as it can be without its children, and says
// where their indices begin and how many there are.
func layout(kind Kind, p []byte) (refs, children int, ok bool) {
	switch kind {
	case KindBool:
		return 1, 0, len(p) == 1 && p[0] <= 1
	case KindChar:
		return 4, 0, len(p) == 4 && validChar(binary.LittleEndian.Uint32(p))
	case KindString:
		return len(p), 0, len(p) >= 4 && uint64(binary.LittleEndian.Uint32(p)) == uint64(len(p)-4) && utf8.Valid(p[4:])
	case kindArray:
		return len(p), 0, len(p) >= 5 && packedLayout(Kind(p[0]), binary.LittleEndian.Uint32(p[1:]), p[5:])
	case KindTuple:
		if len(p) < 4 {
			return 0, 0, false
		}
		refs, children = 4, int(binary.LittleEndian.Uint32(p))
	case KindList, KindVariant, KindRecord, KindOption, KindResult:
		if refs, children, ok = namedLayout(kind, p); !ok {
			return 0, 0, false
		}
	default:
		w := kind.width()
		return w, 0, w > 0 && len(p) == w
	}
	return refs, children, children <= maxSequence && refs+4*children == len(p)
}

// namedLayout is layout for the kinds whose payload begins with types or names.
func namedLayout(kind Kind, p []byte) (refs, children int, ok bool) {
	if len(p) == 0 {
		return 0, 0, false
	}
	if kind == KindOption || kind == KindResult {
		return choiceLayout(kind, p)
	}
	r := reader{s: unsafe.String(&p[0], len(p))}
	switch kind {
	case KindList:
		r.skipType(1)
		if r.err == nil && Kind(p[0]).width() > 0 {
			return 0, 0, false
		}
		children = int(r.u32())
	case KindVariant:
		r.name("type name")
		r.name("case name")
		r.u32()
		children = int(r.u32())
	case KindRecord:
		r.name("type name")
		children = int(r.u32())
		for j := 0; j < children && r.err == nil; j++ {
			r.name("field name")
		}
	}
	return r.pos, children, r.err == nil
}

// choiceLayout is layout for options and results.
func choiceLayout(kind Kind, p []byte) (refs, children int, ok bool) {
	at := skipTypes(p, 0)
	if kind == KindOption {
		if at >= len(p) {
			return 0, 0, false
		}
		return at + 1, int(p[at]), p[at] <= 1
	}
	at = skipTypes(p, at)
	if len(p)-at < 5 {
		return 0, 0, false
	}
	return at + 5, int(p[at+4]), binary.LittleEndian.Uint32(p[at:]) <= 1 && p[at+4] == 1
}

// skipTypes returns where the type at p[at] ends, past the end of p for none.
func skipTypes(p []byte, at int) int {
	for i := at; i < min(at+4, len(p)); i++ { // most are short
		switch kind := Kind(p[i]); {
		case kind == KindList || kind == KindOption:
			continue
		case kind.width() > 0 || kind == KindString:
			return i + 1
		}
		break
	}
	if at >= len(p) {
		return len(p) + 1
	}
	r := reader{s: unsafe.String(&p[0], len(p)), pos: at}
	r.skipType(1)
	if r.err != nil {
		return len(p) + 1
	}
	return r.pos
}

// packedLayout checks the n elements of an array.
func packedLayout(elem Kind, n uint32, data []byte) bool {
	w := elem.width()
	if w == 0 || n > maxSequence || uint64(n)*uint64(w) != uint64(len(data)) {
		return false
	}
	switch elem {
	case KindBool:
		for _, b := range data {
			if b > 1 {
				return false
			}
		}
	case KindChar:
		for ; len(data) > 0; data = data[4:] {
			if !validChar(binary.LittleEndian.Uint32(data)) {
				return false
			}
		}
	}
	return true
}

// Root is the index of the node of the whole value.
func (v *View) Root() int { return int(v.base) + len(v.nodes) - 1 }

// Kind is the kind of the part at node i, 0 for the known part.
func (v *View) Kind(i int) Kind {
	if k := v.at(uint32(i)).kind; k != kindArray {
		return k
	}
	return KindList
}

// Len is how many parts node i has directly below it: items that are not
// packed, field values, the payload of a variant, option or result.
func (v *View) Len(i int) int { n := v.at(uint32(i)); return int(n.end-n.refs) / 4 }

// At is the node of part j below node i.
func (v *View) At(i, j int) int {
	return int(binary.LittleEndian.Uint32(v.buf[int(v.at(uint32(i)).refs)+4*j:]))
}

// IsOk reports whether node i is a result that holds its ok.
func (v *View) IsOk(i int) bool {
	n := v.at(uint32(i))
	return n.kind == KindResult && v.buf[n.refs-5] == 0
}

// IsKnown reports whether node i is the known part.
func (v *View) IsKnown(i int) bool { return v.at(uint32(i)).kind == 0 }

// Is reports whether the part at node i is encoded as encoded, which Encode wrote.
func (v *View) Is(i int, encoded []byte) bool {
	n := v.at(uint32(i))
	if n.first != 0 { // only of a part at the start are the indices its own
		return string(v.Append(nil, i)) == string(encoded)
	}
	return string(v.buf[n.start:n.end]) == string(encoded[headerSize:])
}

// Part is the part at node i, its bytes appended to dst, which has no others.
func (v *View) Part(i int, dst []byte) Part {
	return Part{Bytes: v.Append(dst, i), height: v.at(uint32(i)).height}
}

// Append appends the encoding of the part at node i as a value of its own.
func (v *View) Append(dst []byte, i int) []byte {
	n := v.at(uint32(i))
	count := uint32(i) + 1 - n.first
	dst = appendHeader(dst, count)
	start := len(dst)
	dst = append(dst, v.buf[n.start:n.end]...)
	if n.first > 0 && count > 1 {
		shift := start - int(n.start)
		for j := n.first; j <= uint32(i); j++ {
			m := v.at(j)
			addIndices(dst[int(m.refs)+shift:int(m.end)+shift], -n.first)
		}
	}
	return dst
}

// Flat appends to dst the items of a tuple, or the one value that is none, when
// none of them has parts: the arguments of most calls. What they hold of the
// buffer is one copy. It returns false for any other value.
func (v *View) Flat(dst []Value) (_ []Value, ok bool) {
	leaves := v.nodes
	if root := &v.nodes[len(v.nodes)-1]; root.kind == KindTuple {
		leaves = v.nodes[:len(v.nodes)-1]
		if int(root.end-root.refs) != 4*len(leaves) {
			return dst, false
		}
	}
	buf := ""
	for i := range leaves {
		n := &leaves[i]
		switch {
		case n.kind.width() > 0:
			var wide [8]byte
			copy(wide[:], v.buf[n.at+nodeHeader:n.end])
			dst = append(dst, fixedValue(n.kind, string(wide[:])))
			continue
		case n.kind != KindString && n.kind != kindArray:
			return dst, false
		case buf == "":
			buf = string(v.buf)
		}
		payload := buf[n.at+nodeHeader : n.end]
		if n.kind == KindString {
			dst = append(dst, Value{kind: KindString, str: payload[4:]})
		} else {
			dst = append(dst, Value{kind: KindList, flag: payload[0], str: payload[5:]})
		}
	}
	return dst, true
}

// addIndices adds n to each of the node indices in b.
func addIndices(b []byte, n uint32) {
	for ; len(b) > 0; b = b[4:] {
		binary.LittleEndian.PutUint32(b, binary.LittleEndian.Uint32(b)+n)
	}
}

// Fits holds the part at node i to a type, as [Validate] does, and gives up
// sooner: true is always right, and false may only mean that a record has its
// fields in another order, or a variant its cases.
func (v *View) Fits(i int, t *TypeDesc) bool {
	n := v.at(uint32(i))
	switch {
	case t.Kind == KindValue || t.Kind == KindRef:
		return true
	case n.kind == 0:
		return t == v.fits
	}
	switch t.Kind {
	case KindRecord:
		return n.kind == KindRecord && v.Len(i) == len(t.Fields) && v.hasFields(i, t)
	case KindVariant:
		return n.kind == KindVariant && v.hasCase(i, t)
	case KindList:
		if n.kind == kindArray {
			elem := t.Items[0].Kind
			return elem == Kind(v.buf[n.at+nodeHeader]) || elem == KindValue || elem == KindRef
		}
		for j := range v.Len(i) {
			if !v.Fits(v.At(i, j), &t.Items[0]) {
				return false
			}
		}
		return n.kind == KindList
	case KindOption:
		return n.kind == KindOption && (v.Len(i) == 0 || v.Fits(v.At(i, 0), &t.Items[0]))
	case KindResult:
		side := 1
		if v.IsOk(i) {
			side = 0
		}
		return n.kind == KindResult && v.Fits(v.At(i, 0), &t.Items[side])
	case KindTuple:
		if n.kind != KindTuple || v.Len(i) != len(t.Items) {
			return false
		}
		for j := range t.Items {
			if !v.Fits(v.At(i, j), &t.Items[j]) {
				return false
			}
		}
		return true
	}
	return n.kind == t.Kind
}

// hasFields reports whether the record at node i has the fields of t, in its order.
func (v *View) hasFields(i int, t *TypeDesc) bool {
	n := v.at(uint32(i))
	p := v.buf[n.at+nodeHeader : n.refs]
	_, p = cutName(p)
	p = p[4:]
	for j := range t.Fields {
		var name []byte
		if name, p = cutName(p); string(name) != t.Fields[j].Name || !v.Fits(v.At(i, j), &t.Fields[j].Type) {
			return false
		}
	}
	return true
}

// hasCase reports whether the variant at node i is the case of t that its tag says.
func (v *View) hasCase(i int, t *TypeDesc) bool {
	n := v.at(uint32(i))
	_, p := cutName(v.buf[n.at+nodeHeader : n.refs])
	name, p := cutName(p)
	tag := binary.LittleEndian.Uint32(p)
	if uint64(tag) >= uint64(len(t.Cases)) || t.Cases[tag].Name != string(name) {
		return false
	}
	if payload := t.Cases[tag].Payload; payload != nil {
		return v.Len(i) == 1 && v.Fits(v.At(i, 0), payload)
	}
	return v.Len(i) == 0
}

// cutName takes a length-prefixed name off a payload that was checked.
func cutName(p []byte) (name, rest []byte) {
	n := 4 + binary.LittleEndian.Uint32(p)
	return p[4:n], p[n:]
}
