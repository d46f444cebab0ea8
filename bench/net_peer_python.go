//go:build linux

package main

import (
	"context"
	_ "embed"
)

//go:embed peers/net.py
var netScript string

// pythonServer is peers/net.py on the named event loop.
func pythonServer(loop string) netPeer {
	return netPeer{
		name: loop,
		find: func(ctx context.Context) (string, error) {
			_, version, err := findPython(ctx, loop)
			return version, err
		},
		has: func(c netCase) bool { return (c.serves == "echo" || c.serves == "tls") && c.loops == 1 },
		command: func(ctx context.Context, c netCase) ([]string, error) {
			python, _, err := findPython(ctx, loop)
			return []string{python, "-c", netScript, loop, c.serves}, err
		},
	}
}
