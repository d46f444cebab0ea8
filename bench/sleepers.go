package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
)

// sleeperCount is how many tasks sleep in a Go subject's process.
const sleeperCount = 1_000_000

// sleepers measures bytes of resident memory for one sleeping task. asleep starts n tasks and calls
// measure once they all sleep; the process ends after it, so it need not wake them.
func sleepers(asleep func(n int, measure func()) error) func() (Sample, error) {
	return func() (Sample, error) {
		before, err := settledMemory()
		if err != nil {
			return Sample{}, err
		}
		var after memory
		var failed error
		err = asleep(sleeperCount, func() { after, failed = settledMemory() })
		if err := errors.Join(err, failed); err != nil {
			return Sample{}, err
		}
		each := func(before, after uint64) float64 { return (float64(after) - float64(before)) / sleeperCount }
		return Sample{
			Value: each(before.resident, after.resident),
			Note: fmt.Sprintf("resident set of %s tasks; runtime.MemStats says %.0f B",
				formatValue(sleeperCount), each(before.accounted, after.accounted)),
		}, nil
	}
}

type memory struct {
	resident  uint64 // what the kernel says
	accounted uint64 // what the Go runtime says is in use
}

// settledMemory collects, gives free memory back to the system and reads what is left.
func settledMemory() (memory, error) {
	runtime.GC() // what this one finalises, FreeOSMemory's own collection frees
	debug.FreeOSMemory()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	resident, err := residentBytes()
	return memory{
		resident: resident,
		accounted: stats.HeapInuse + stats.StackInuse + stats.MSpanInuse + stats.MCacheInuse +
			stats.GCSys + stats.OtherSys + stats.BuckHashSys,
	}, err
}

// residentBytes is the process's resident set, which Linux tells in pages (proc_pid_statm(5)).
func residentBytes() (uint64, error) {
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, fmt.Errorf("resident memory: %w", err)
	}
	return parseResident(string(statm), os.Getpagesize())
}

func parseResident(statm string, pageSize int) (uint64, error) {
	fields := strings.Fields(statm)
	if len(fields) < 2 {
		return 0, fmt.Errorf("resident memory: statm reads %q", statm)
	}
	pages, err := strconv.ParseUint(fields[1], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("resident memory: %w", err)
	}
	return pages * uint64(pageSize), nil
}

func needsResidentMemory() error {
	_, err := residentBytes()
	return err
}
