//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// allowedCores are the cores this process started with.
var allowedCores = sync.OnceValues(func() ([]int, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, fmt.Errorf("sched_getaffinity: %w", err)
	}
	var cores []int
	for core := range len(set) * 64 {
		if set.IsSet(core) {
			cores = append(cores, core)
		}
	}
	return cores, nil
})

func needsTwoCores() error {
	cores, err := allowedCores()
	if err == nil && len(cores) < 2 {
		err = errors.New("needs two cores, one for the server and one for its client")
	}
	return err
}

// The server has the first core, the client the last.

func serverCore() ([]int, error) {
	cores, err := allowedCores()
	return cores[:min(1, len(cores))], err
}

func clientCore() ([]int, error) {
	cores, err := allowedCores()
	return cores[max(0, len(cores)-1):], err
}

// pinClient moves every thread of this process to the client's core, so that its
// collector and its monitor do not run beside the server either. Threads made later inherit it.
func pinClient() error {
	one, err := clientCore()
	if err != nil {
		return err
	}
	return setCores(one)
}

func unpinClient() error {
	all, err := allowedCores()
	if err != nil {
		return err
	}
	return setCores(all)
}

func setCores(cores []int) error {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	set := coreSet(cores)
	for _, thread := range threads {
		id, err := strconv.Atoi(thread.Name())
		if err != nil {
			return err
		}
		if err := unix.SchedSetaffinity(id, &set); err != nil && err != unix.ESRCH {
			return fmt.Errorf("sched_setaffinity: %w", err)
		}
	}
	return nil
}

func coreSet(cores []int) unix.CPUSet {
	var set unix.CPUSet
	for _, core := range cores {
		set.Set(core)
	}
	return set
}

// onServerCore calls start, which starts a process, on the server's core: a process inherits its maker's.
func onServerCore(start func() error) error {
	cores, err := serverCore()
	if err != nil {
		return err
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return fmt.Errorf("sched_getaffinity: %w", err)
	}
	set := coreSet(cores)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("sched_setaffinity: %w", err)
	}
	defer unix.SchedSetaffinity(0, &before)
	return start()
}
