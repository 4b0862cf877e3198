package wasm_test

import (
	"context"
	"math"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/theater-go/theater/wasm"
)

// BenchmarkMemory makes instances of the C guest with their memories where this
// system keeps them and on the Go heap, in turn, and reports how many times as
// much the heap takes: time to start and close an instance, time to start one
// of many that stay, and live Go heap for each of those.
func BenchmarkMemory(b *testing.B) {
	var modules [2]*wasm.Module
	for i := range modules {
		e := openEngine(b)
		if i == 1 {
			e.OnHeap()
		}
		m, err := e.Compile(b.Context(), readGuest(b, guests[0]))
		if err != nil {
			b.Fatal(err)
		}
		modules[i] = m
	}
	start := func(m *wasm.Module) *wasm.Machine {
		machine, err := m.Start(b.Context(), limits)
		if err != nil {
			b.Fatal(err)
		}
		return machine
	}
	const many = 2000
	least := func(of [2]float64, i int, v float64) [2]float64 {
		of[i] = min(of[i], v)
		return of
	}
	most := [2]float64{math.MaxFloat64, math.MaxFloat64}
	cycle, spawn, heap := most, most, most
	for b.Loop() {
		for i, module := range modules {
			began := time.Now()
			for range many {
				start(module).Close(context.Background())
			}
			cycle = least(cycle, i, float64(time.Since(began))/many)

			before := liveHeap()
			machines := make([]*wasm.Machine, many)
			began = time.Now()
			for at := range machines {
				machines[at] = start(module)
			}
			spawn = least(spawn, i, float64(time.Since(began))/many)
			heap = least(heap, i, (liveHeap()-before)/many)
			for _, m := range machines {
				m.Close(context.Background())
			}
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(cycle[0], "ns/start+close")
	b.ReportMetric(cycle[1]/cycle[0], "x-start+close")
	b.ReportMetric(spawn[0], "ns/start")
	b.ReportMetric(spawn[1]/spawn[0], "x-start")
	b.ReportMetric(heap[0], "heap-B/instance")
	b.ReportMetric(heap[1]/heap[0], "x-heap")
}

// liveHeap is what the garbage collector leaves, in bytes. What is free goes back
// to the system, so that whoever is measured next has to ask for it.
func liveHeap() float64 {
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}
