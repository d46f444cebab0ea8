package loop

import (
	"slices"
	"sync"
	"sync/atomic"
)

// loops are those of the process that are being run.
var loops struct {
	mu      sync.Mutex
	running []*Loop
}

// loopIDs numbers the loops of the process.
var loopIDs atomic.Uint64

// Loops returns the loops of the process that are being run, in the order in
// which their runs began. Safe from any goroutine.
func Loops() []*Loop {
	loops.mu.Lock()
	defer loops.mu.Unlock()
	return slices.Clone(loops.running)
}

// ID returns the loop's number in the process, from 1. Safe from any goroutine.
func (l *Loop) ID() uint64 { return l.id }

func (l *Loop) list() {
	loops.mu.Lock()
	defer loops.mu.Unlock()
	loops.running = append(loops.running, l)
}

func (l *Loop) unlist() {
	loops.mu.Lock()
	defer loops.mu.Unlock()
	i := slices.Index(loops.running, l)
	loops.running = slices.Delete(loops.running, i, i+1)
}
