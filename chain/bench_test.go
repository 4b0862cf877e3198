package chain_test

import (
	"testing"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/chaintest"
)

func BenchmarkEncode(b *testing.B) {
	rec := chaintest.Turn(chaintest.ID(1), 5, 64)
	buf := make([]byte, 0, 1024)
	encoded, _ := chain.AppendEvents(buf, rec.Events)
	b.SetBytes(int64(len(encoded)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := chain.AppendEvents(buf, rec.Events); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	encoded, _ := chain.AppendEvents(nil, chaintest.Turn(chaintest.ID(1), 5, 64).Events)
	b.SetBytes(int64(len(encoded)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := chain.DecodeEvents(encoded); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHash(b *testing.B) {
	encoded, _ := chain.AppendEvents(nil, chaintest.Turn(chaintest.ID(1), 5, 64).Events)
	b.SetBytes(int64(len(encoded)))
	b.ReportAllocs()
	var prev chain.Hash
	for b.Loop() {
		prev = chain.HashEvents(chaintest.ID(1), 5, prev, 1, encoded)
	}
}
