//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/goaio/aio/bench/load"
)

// bulkFile is the file of a size that file servers send and that is sent through proxies.
var bulkFile = func() func(size int64) (*os.File, error) {
	var mu sync.Mutex
	files := map[int64]*os.File{}
	return func(size int64) (*os.File, error) {
		mu.Lock()
		defer mu.Unlock()
		if file := files[size]; file != nil {
			return file, nil
		}
		file, err := memoryFile("bulk")
		if err != nil {
			return nil, err
		}
		if err := load.WriteBulk(file, size); err != nil {
			file.Close()
			return nil, err
		}
		files[size] = file
		return file, nil
	}
}()

// startFile measures the throughput of a file that the server sends.
func startFile(_ context.Context, s netSettings, c netCase, server *serverProcess) (Contender, error) {
	return startBulk(s, c, server, func(compare bool) (time.Duration, error) {
		return load.Download(server.Address, s.bulk, compare)
	})
}

// startProxy measures the throughput of what the server hands on.
func startProxy(_ context.Context, s netSettings, c netCase, server *serverProcess) (Contender, error) {
	file, err := bulkFile(s.bulk)
	if err != nil {
		return nil, err
	}
	return startBulk(s, c, server, func(compare bool) (time.Duration, error) {
		return server.sink.Through(server.Address, file, s.bulk, compare)
	})
}

// bulkTurn has room for one transfer or two: the shorter the turns, the less of a machine's moods in their ratio.
const bulkTurn = 200 * time.Millisecond

// bulk is transfers of one connection each.
type bulk struct {
	server   *serverProcess
	turn     time.Duration
	size     int64
	transfer func(compare bool) (time.Duration, error)

	moved int64
	spent time.Duration // of the server's CPU
}

// startBulk compares the bytes of a first transfer.
func startBulk(s netSettings, c netCase, server *serverProcess, transfer func(compare bool) (time.Duration, error)) (Contender, error) {
	if _, err := transfer(true); err != nil {
		return nil, err
	}
	return &bulk{server: server, turn: c.Turn, size: s.bulk, transfer: transfer}, nil
}

// Turn makes transfers until the turn's time has passed.
func (b *bulk) Turn(context.Context) (Sample, error) {
	before, err := b.server.cpu()
	if err != nil {
		return Sample{}, err
	}
	var elapsed time.Duration
	var moved int64
	for elapsed < b.turn {
		one, err := b.transfer(false)
		if err != nil {
			return Sample{}, err
		}
		elapsed += one
		moved += b.size
	}
	after, err := b.server.cpu()
	if err != nil {
		return Sample{}, err
	}
	b.moved += moved
	b.spent += after - before
	return Sample{Value: float64(moved) / 1e9 / elapsed.Seconds()}, nil
}

// Finish says what it cost.
func (b *bulk) Finish(context.Context) (Sample, error) {
	return Sample{Note: fmt.Sprintf("%.0f ms of server CPU a GB", float64(b.spent.Milliseconds())/(float64(b.moved)/1e9))}, nil
}

func (b *bulk) Stop() error { return nil }
