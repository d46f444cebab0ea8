package aionet

import (
	"slices"
	"sync"

	"golang.org/x/sys/unix"
)

// pipePair is a pipe through which bytes are spliced. It is taken only while
// there are bytes to move, so that idle connections need none.
type pipePair struct {
	read, write int
	large       bool
}

// pipePairs are the empty pipes that are kept.
var pipePairs pipePool

type pipePool struct {
	mu    sync.Mutex
	idle  []pipePair
	large int // in use or kept
}

const (
	// maxIdlePipes bounds how many pipes are kept.
	maxIdlePipes = 16
	// maxLargePipes bounds how many hold a megabyte; others hold 64 KB, so that
	// many receivers that are slow do not take a megabyte each.
	maxLargePipes = 32
)

func (p *pipePool) take() (pipePair, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	pair, err := p.takeIdle()
	if err != nil {
		return pair, err
	}
	if !pair.large && p.large < maxLargePipes {
		// The system refuses when the user has too many.
		if _, err := unix.FcntlInt(uintptr(pair.write), unix.F_SETPIPE_SZ, copyPiece); err == nil {
			pair.large = true
			p.large++
		}
	}
	return pair, nil
}

// takeIdle takes one that is kept, a large one if there is one, or makes a small one.
func (p *pipePool) takeIdle() (pair pipePair, err error) {
	if len(p.idle) == 0 {
		var fds [2]int
		err = unix.Pipe2(fds[:], unix.O_NONBLOCK|unix.O_CLOEXEC)
		return pipePair{read: fds[0], write: fds[1]}, err
	}
	i := max(0, slices.IndexFunc(p.idle, func(pair pipePair) bool { return pair.large }))
	pair = p.idle[i]
	p.idle = slices.Delete(p.idle, i, i+1)
	return pair, nil
}

// put takes a pipe back. One that is not empty is closed.
func (p *pipePool) put(pair pipePair, empty bool) {
	p.mu.Lock()
	if empty && len(p.idle) < maxIdlePipes {
		p.idle = append(p.idle, pair)
		p.mu.Unlock()
		return
	}
	if pair.large {
		p.large--
	}
	p.mu.Unlock()
	unix.Close(pair.read)
	unix.Close(pair.write)
}
