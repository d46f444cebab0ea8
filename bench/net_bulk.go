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

// runFile measures the throughput of a file that the server sends.
func runFile(_ context.Context, s netSettings, _ netCase, server *serverProcess) (Sample, error) {
	return bulk(s, server, func(compare bool) (time.Duration, error) {
		return load.Download(server.Address, s.bulk, compare)
	})
}

// runProxy measures the throughput of what the server hands on.
func runProxy(_ context.Context, s netSettings, _ netCase, server *serverProcess) (Sample, error) {
	file, err := bulkFile(s.bulk)
	if err != nil {
		return Sample{}, err
	}
	return bulk(s, server, func(compare bool) (time.Duration, error) {
		return server.sink.Through(server.Address, file, s.bulk, compare)
	})
}

// bulk compares the bytes of a first transfer, and times as many more as fill the window.
func bulk(s netSettings, server *serverProcess, transfer func(compare bool) (time.Duration, error)) (Sample, error) {
	if _, err := transfer(true); err != nil {
		return Sample{}, err
	}
	before, err := server.cpu()
	if err != nil {
		return Sample{}, err
	}
	var elapsed time.Duration
	transfers := 0
	for elapsed < s.window() {
		one, err := transfer(false)
		if err != nil {
			return Sample{}, err
		}
		elapsed += one
		transfers++
	}
	after, err := server.cpu()
	if err != nil {
		return Sample{}, err
	}
	gigabytes := float64(s.bulk) * float64(transfers) / 1e9
	return Sample{
		Value: gigabytes / elapsed.Seconds(),
		Note:  fmt.Sprintf("%.0f ms of server CPU a GB", float64((after-before).Milliseconds())/gigabytes),
	}, nil
}
