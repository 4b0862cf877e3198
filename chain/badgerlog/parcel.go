package badgerlog

import "golang.org/x/mod/sumdb/tlog"

// parcel is a block on its way to the database. It is packed beside the committer,
// which hashes the records of the next one meanwhile.
type parcel struct {
	number  uint64
	records []byte // before compression
	count   int    // of them
	hashes  []byte // theirs
	block   []byte // once it is packed
	leaf    tlog.Hash
}

func (p *parcel) pack() {
	p.block = encodeBlock(p.block, p.number, p.count, p.records)
	p.leaf = blockLeaf(p.number, p.hashes)
}

// empty readies the parcel for another block. Memory that a large record made large is
// let go of.
func (p *parcel) empty() {
	const kept = 2 * blockSize
	if cap(p.records) > kept {
		p.records = nil
	}
	if cap(p.block) > kept {
		p.block = nil
	}
	p.records, p.hashes, p.count = p.records[:0], p.hashes[:0], 0
}
