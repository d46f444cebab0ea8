package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// footnote says where and when the figures were measured, and with which versions.
func footnote(now time.Time, versions []string) string {
	cores := "cores"
	if runtime.NumCPU() == 1 {
		cores = "core"
	}
	return fmt.Sprintf("%s, %d %s, %s/%s; %s; %s.", processorModel(), runtime.NumCPU(), cores,
		runtime.GOOS, runtime.GOARCH, strings.Join(versions, ", "), now.Format(time.DateOnly))
}

// processorModel is the processor's name where the system tells it in a file, and otherwise a plain word.
func processorModel() string {
	const unknown = "unknown processor"
	file, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return unknown
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		key, value, _ := strings.Cut(lines.Text(), ":")
		if strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return unknown
}
