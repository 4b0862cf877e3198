package wasm

import "bytes"

// image is the content of a linear memory, as what it has on top of another.
type image struct {
	size  uint64
	under []run // what it is on top of: an image on top of zeros; nil is zeros
	runs  []run // what differs from that
}

// run is a piece of a memory: whole grains, of which the one before it and the one
// after it belong to no run.
type run struct {
	at   uint32
	data []byte
}

// end is where the run ends.
func (r *run) end() int { return int(r.at) + len(r.data) }

// imageGrain is the size of the pieces by which memories are compared.
const imageGrain = 256

var zeroGrain [imageGrain]byte

// imageOf copies what of memory differs from under, the runs of an image on top
// of zeros.
func imageOf(memory []byte, under []run) image {
	m := image{size: uint64(len(memory)), under: under}
	was := grains{runs: under}
	open := -1
	for at := 0; at <= len(memory); at += imageGrain {
		differs := at < len(memory) && !bytes.Equal(memory[at:at+imageGrain], was.at(at))
		switch {
		case differs && open < 0:
			open = at
		case !differs && open >= 0:
			m.runs = append(m.runs, run{uint32(open), bytes.Clone(memory[open:at])})
			open = -1
		}
	}
	return m
}

// grains looks into an image from its front to its end.
type grains struct{ runs, under []run }

// at is the grain at an offset, which is not before the one asked for last.
func (g *grains) at(at int) []byte {
	for _, layer := range []*[]run{&g.runs, &g.under} {
		for len(*layer) > 0 && (*layer)[0].end() <= at {
			*layer = (*layer)[1:]
		}
		if len(*layer) > 0 && int((*layer)[0].at) <= at {
			r := &(*layer)[0]
			return r.data[at-int(r.at):][:imageGrain]
		}
	}
	return zeroGrain[:]
}

// write puts the runs where they belong.
func (m *image) write(memory []byte) {
	for _, r := range m.runs {
		copy(memory[r.at:], r.data)
	}
}

// fill makes memory, of the image's size, equal to it.
func (m *image) fill(memory []byte) {
	bottom := m.under
	if bottom == nil {
		bottom = m.runs
	}
	at := 0
	for _, r := range bottom {
		clear(memory[at:r.at])
		at = int(r.at) + copy(memory[r.at:], r.data)
	}
	clear(memory[at:])
	if m.under != nil {
		m.write(memory)
	}
}

// differs is where two images of one size differ first, and whether they do.
func (m *image) differs(other *image) (at int, differ bool) {
	one, two := grains{m.runs, m.under}, grains{other.runs, other.under}
	for at := 0; at < int(m.size); at += imageGrain {
		a, b := one.at(at), two.at(at)
		if bytes.Equal(a, b) {
			continue
		}
		for a[0] == b[0] {
			a, b, at = a[1:], b[1:], at+1
		}
		return at, true
	}
	return 0, false
}
