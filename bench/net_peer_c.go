//go:build linux

package main

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

var (
	//go:embed peers/epoll.c
	epollSource string
	//go:embed peers/uring.c
	uringSource string
	//go:embed peers/libuv.c
	libuvSource string
)

// A cServer is a peer in C, built here by the system's compiler.
type cServer struct {
	name, source string
	library      string       // to link with, if any
	install      string       // Debian's package that brings it
	needs        func() error // what else it needs of the system
	mostLoops    int
}

func (s cServer) peer() netPeer {
	return netPeer{
		name: s.name,
		find: s.find,
		has:  func(c netCase) bool { return (c.serves == "echo") && c.loops <= s.mostLoops },
		command: func(ctx context.Context, _ netCase) ([]string, error) {
			program, err := s.build(ctx)
			return []string{program}, err
		},
	}
}

func (s cServer) find(ctx context.Context) (version string, err error) {
	if s.needs != nil {
		if err := s.needs(); err != nil {
			return "", err
		}
	}
	if _, err := s.build(ctx); err != nil {
		return "", err
	}
	out, err := exec.CommandContext(ctx, "cc", "-dumpfullversion").Output()
	if err != nil {
		return "cc", nil // the program is there, whoever built it
	}
	return "cc " + strings.TrimSpace(string(out)), nil
}

// build compiles the source unless the user's cache has that very program, and returns its path.
func (s cServer) build(ctx context.Context) (program string, err error) {
	flags := []string{"-O2", "-Wall", "-Wextra", "-pthread"}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	key := sha256.Sum256([]byte(strings.Join(append(flags, s.library, s.source), "\x00")))
	program = filepath.Join(cache, "aio-bench", fmt.Sprintf("%s-%x", s.name, key[:8]))
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	if err := os.MkdirAll(filepath.Dir(program), 0o755); err != nil {
		return "", err
	}
	unfinished := fmt.Sprintf("%s.%d", program, os.Getpid())
	defer os.Remove(unfinished)
	arguments := append(flags, "-o", unfinished, "-x", "c", "-")
	if s.library != "" {
		arguments = append(arguments, "-l"+s.library)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	compiler := exec.CommandContext(ctx, "cc", arguments...)
	compiler.Stdin = strings.NewReader(s.source)
	if out, err := compiler.CombinedOutput(); err != nil {
		return "", fmt.Errorf("needs a C compiler: apt-get install gcc libc6-dev %s\n%w\n%s", s.install, err, firstLines(out))
	}
	return program, os.Rename(unfinished, program)
}

// firstLines keeps a compiler's first complaint.
func firstLines(out []byte) string {
	lines := strings.SplitN(string(out), "\n", 4)
	return strings.Join(lines[:min(3, len(lines))], "\n")
}

// needsRing asks the kernel for a ring: many systems forbid it.
func needsRing() error {
	var params [120]byte // struct io_uring_params, all zero
	fd, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, 1, uintptr(unsafe.Pointer(&params)), 0)
	if errno != 0 {
		return fmt.Errorf("io_uring is not permitted here: %w", errno)
	}
	return unix.Close(int(fd))
}
