//go:build linux

package main

import (
	"crypto/sha256"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed peers/epoll.c
var epollSource string

// cServer is a peer in C, built by the system's compiler with the given library.
func cServer(name, source, library string) netPeer {
	return netPeer{
		name: name,
		find: func() (string, error) {
			if _, err := buildC(name, source, library); err != nil {
				return "", err
			}
			version, err := exec.Command("cc", "-dumpfullversion").Output()
			return "cc " + strings.TrimSpace(string(version)), err
		},
		has: func(c netCase) bool { return c.serves == "echo" },
		command: func(netCase) ([]string, error) {
			program, err := buildC(name, source, library)
			return []string{program}, err
		},
	}
}

// buildC compiles the source unless the user's cache has that very program, and returns its path.
func buildC(name, source, library string) (string, error) {
	flags := []string{"-O2", "-Wall", "-Wextra", "-pthread"}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	key := sha256.Sum256([]byte(strings.Join(append(flags, library, source), "\x00")))
	program := filepath.Join(cache, "aio-bench", fmt.Sprintf("%s-%x", name, key[:8]))
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	if _, err := exec.LookPath("cc"); err != nil {
		return "", errors.New("needs a C compiler: apt-get install gcc libc6-dev")
	}
	if err := os.MkdirAll(filepath.Dir(program), 0o755); err != nil {
		return "", err
	}
	unfinished := fmt.Sprintf("%s.%d", program, os.Getpid())
	defer os.Remove(unfinished)
	arguments := append(flags, "-o", unfinished, "-x", "c", "-")
	if library != "" {
		arguments = append(arguments, "-l"+library)
	}
	compiler := exec.Command("cc", arguments...)
	compiler.Stdin = strings.NewReader(source)
	if out, err := compiler.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return program, os.Rename(unfinished, program)
}
