package badgerlog

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog/internal/merkle"
)

// VerifyOptions say how a log is verified.
type VerifyOptions struct {
	// Progress, if not nil, is called after each block, by one goroutine, which waits
	// for it.
	Progress func(Progress)
}

// Progress is how far a verification has come.
type Progress struct {
	Blocks, Total uint64
	Records       uint64 // in the blocks that are read
}

// Report says what a log was found to hold.
type Report struct {
	Checkpoint Checkpoint // that it was held against; its size may be less than Blocks in a log that was killed
	Blocks     uint64
	Actors     uint64 // whose chains are in order
	Records    uint64 // of those
	Events     uint64 // of those
	Damage     []Damage
}

// Damage is one thing that is not as it was written.
type Damage struct {
	Block  int64    // -1 when it is of none
	Actor  chain.ID // zero when it is of none
	Record uint64   // of the actor, the first that is affected
	Err    error    // names all of them
}

// Verify holds the whole log against its newest checkpoint: every block against its
// leaf, the leaves against the signed root; every record against its chain, as
// chain.Verify does, with the blobs it names; the index against the records. Of a log
// that is being written it verifies what was committed when it was called. What is wrong
// is in the report; the error is what kept it from finding out.
func (l *Log) Verify(ctx context.Context, opts VerifyOptions) (Report, error) {
	checkpoint, err := l.Checkpoint(ctx)
	if err != nil {
		return Report{}, err
	}
	v := &verification{log: l, total: checkpoint.Size, fresh: &merkle.Tree{}, report: Report{Checkpoint: checkpoint}, progress: opts.Progress}
	if l.readOnly {
		v.total = l.blocks
	}
	for range runtime.GOMAXPROCS(0) {
		v.shards = append(v.shards, newShard(v))
	}
	v.walk(ctx)
	if err := errors.Join(context.Cause(ctx), l.open()); err != nil {
		return Report{}, err
	}
	if err := v.holdAgainstCheckpoint(); err != nil {
		return Report{}, err
	}
	err = v.holdAgainstIndex(ctx)
	return v.report, err
}

// verification is one at work. Readers take blocks apart, several at once; walk hands
// them on in order; and each shard checks the chains of its share of the actors.
type verification struct {
	log      *Log
	total    uint64 // blocks
	progress func(Progress)
	shards   []*shard
	fresh    *merkle.Tree // over the blocks as they are
	pool     sync.Pool

	report Report // of walk alone, until the shards have ended
}

// readBlock is a block on its way through a verification.
type readBlock struct {
	number  uint64
	done    chan struct{} // has an element once what follows is read
	err     error
	leaf    tlog.Hash
	buf     []byte
	records []chain.Stored // alias buf
	places  []place
	users   atomic.Int32 // shards that still read it
}

// walk reads all blocks in order and hands them to the shards.
func (v *verification) walk(ctx context.Context) {
	readers := runtime.GOMAXPROCS(0)
	jobs, order := make(chan *readBlock), make(chan *readBlock, 4*readers)
	var work sync.WaitGroup
	work.Go(func() {
		defer close(jobs)
		defer close(order)
		for n := uint64(0); n < v.total && ctx.Err() == nil; n++ {
			b := v.block(n)
			order <- b
			jobs <- b
		}
	})
	for range readers {
		work.Go(func() {
			for b := range jobs {
				b.err = v.read(b)
				b.done <- struct{}{}
			}
		})
	}
	for _, s := range v.shards {
		work.Go(func() { s.run(ctx) })
	}
	for b := range order {
		<-b.done
		v.take(b)
	}
	for _, s := range v.shards {
		close(s.blocks)
	}
	work.Wait()
}

func (v *verification) block(number uint64) *readBlock {
	b, ok := v.pool.Get().(*readBlock)
	if !ok {
		b = &readBlock{done: make(chan struct{}, 1)}
	}
	b.number, b.records, b.places = number, b.records[:0], b.places[:0]
	b.users.Store(int32(len(v.shards)))
	return b
}

func (v *verification) read(b *readBlock) (err error) {
	var count uint32
	if b.buf, count, err = v.log.block(b.number, b.buf); err != nil {
		return err
	}
	b.leaf, err = eachRecord(b.number, b.buf, count, func(s *chain.Stored, at place) error {
		b.records, b.places = append(b.records, *s), append(b.places, at)
		return nil
	})
	return err
}

// take adds the next block to the tree and hands it on.
func (v *verification) take(b *readBlock) {
	leaf := b.leaf
	if b.err != nil {
		v.damaged(int64(b.number), b.err)
		leaf = v.signedLeaf(int64(b.number)) // so that the others can still be compared
	}
	if err := v.fresh.Append(leaf); err != nil {
		v.damaged(int64(b.number), err)
	}
	v.report.Blocks++
	v.report.Records += uint64(len(b.records))
	if v.progress != nil {
		v.progress(Progress{Blocks: v.report.Blocks, Total: v.total, Records: v.report.Records})
	}
	for _, s := range v.shards {
		s.blocks <- b
	}
}

// signedLeaf is the leaf that a block had when it was written, zero if that is not known.
func (v *verification) signedLeaf(n int64) tlog.Hash {
	v.log.seal.files.Lock()
	defer v.log.seal.files.Unlock()
	leaf, _ := v.log.seal.tree.Leaf(n)
	return leaf
}

// holdAgainstCheckpoint compares the tree of the blocks with what was signed and with
// the tree in the file.
func (v *verification) holdAgainstCheckpoint() error {
	v.log.seal.files.Lock()
	leaves, nodes, err := v.log.seal.tree.Differences(v.fresh)
	v.log.seal.files.Unlock()
	signed := v.report.Checkpoint
	if err != nil || signed.Note == nil {
		return err
	}
	if signed.Size > v.total {
		v.damaged(int64(v.total), fmt.Errorf("block %d: it is not there, and %d blocks were signed: %w", v.total, signed.Size, chain.ErrCorrupt))
		return nil
	}
	root, err := v.fresh.Root(int64(signed.Size))
	if err != nil {
		return err
	}
	same := chain.Hash(root) == signed.Root
	for _, n := range leaves {
		if same {
			v.damaged(n, fmt.Errorf("block %d: %s/%s has another hash; the block is as it was signed: %w", n, checkpointName, treeName, chain.ErrCorrupt))
		} else {
			v.damaged(n, fmt.Errorf("block %d: it is another one than was written: %w", n, chain.ErrCorrupt))
		}
	}
	switch {
	case len(leaves) > 0:
	case !same:
		v.damaged(-1, fmt.Errorf("the blocks do not have the root that was signed: %w", chain.ErrCorrupt))
	case nodes:
		v.damaged(-1, fmt.Errorf("%s/%s is damaged; the blocks are as they were signed: %w", checkpointName, treeName, chain.ErrCorrupt))
	}
	return nil
}

// damaged reports damage of a block, -1 for none.
func (v *verification) damaged(block int64, err error) {
	v.report.Damage = append(v.report.Damage, Damage{Block: block, Err: err})
}
