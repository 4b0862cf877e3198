package pack

import "encoding/binary"

// What a host puts before the parameters of a call and what it sends by itself,
// written without a [Value] in between.

// CallSize is the length of what [AppendCall] appends.
func CallSize(state, params []byte) int {
	root, items := callItems(params)
	return len(state) + root - headerSize + nodeHeader + 4 + 4*(items+1)
}

// AppendCall appends the encoding of a tuple: the state, and then the items of
// params, or params itself when it is no tuple. Both are encodings that [Encode]
// wrote, or that [View.Scan] has accepted.
func AppendCall(dst, state, params []byte) []byte {
	first := binary.LittleEndian.Uint32(state[8:]) // node of params
	root, items := callItems(params)
	nodes := binary.LittleEndian.Uint32(params[8:])
	if root < len(params) {
		nodes--
	}
	dst = appendHeader(dst, first+nodes+1)
	dst = append(dst, state[headerSize:]...)
	start := len(dst)
	dst = append(dst, params[headerSize:root]...)
	shiftNodes(dst[start:], first)
	dst = append(dst, byte(KindTuple), 0, 0, 0)
	dst = appendU32(dst, uint32(4+4*(items+1)))
	dst = appendU32(dst, uint32(items+1))
	dst = appendU32(dst, first-1)
	if root == len(params) {
		return appendU32(dst, first+nodes-1)
	}
	for i := range items {
		dst = appendU32(dst, first+binary.LittleEndian.Uint32(params[root+nodeHeader+4+4*i:]))
	}
	return dst
}

// callItems says where the nodes of params end that a call takes over, and how
// many of them are its items: all but the root of a tuple.
func callItems(params []byte) (end, items int) {
	at, last := headerSize, headerSize
	for at < len(params) {
		last = at
		at += nodeHeader + int(binary.LittleEndian.Uint32(params[at+4:]))
	}
	if Kind(params[last]) != KindTuple {
		return at, 1
	}
	return last, int(binary.LittleEndian.Uint32(params[last+nodeHeader:]))
}

// shiftNodes adds n to the indices in the nodes of b, which are well formed.
func shiftNodes(b []byte, n uint32) {
	for len(b) > 0 {
		end := nodeHeader + int(binary.LittleEndian.Uint32(b[4:]))
		if kind := Kind(b[0]); kind.width() == 0 && kind != KindString && kind != kindArray {
			if refs, children, _ := layout(kind, b[nodeHeader:end]); children > 0 {
				addIndices(b[nodeHeader+refs:end], n)
			}
		}
		b = b[end:]
	}
}

// AppendMessage appends the encoding of a tuple of list<u8>, preceded by a
// string when id is not empty: the parameters of handle-send and handle-request.
func AppendMessage(dst []byte, id, body string) []byte {
	items := uint32(1)
	if id != "" {
		items = 2
	}
	dst = appendHeader(dst, items+1)
	if id != "" {
		dst = append(dst, byte(KindString), 0, 0, 0)
		dst = appendU32(dst, uint32(4+len(id)))
		dst = appendStr(dst, id)
	}
	dst = append(dst, byte(kindArray), 0, 0, 0)
	dst = appendU32(dst, uint32(5+len(body)))
	dst = append(dst, byte(KindU8))
	dst = appendStr(dst, body)
	dst = append(dst, byte(KindTuple), 0, 0, 0)
	dst = appendU32(dst, 4+4*items)
	dst = appendU32(dst, items)
	for i := range items {
		dst = appendU32(dst, i)
	}
	return dst
}

// appendHeader begins the encoding of a value of so many nodes.
func appendHeader(dst []byte, nodes uint32) []byte {
	dst = append(dst, magic...)
	dst = appendU32(dst, wireVersion)
	dst = appendU32(dst, nodes)
	return appendU32(dst, nodes-1)
}
