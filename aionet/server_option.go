//go:build unix && !aix

package aionet

import (
	"context"
	"time"
)

// ServerOption is a setting of [NewServer] and [Serve].
type ServerOption func(*serverOptions)

type serverOptions struct {
	loops           int
	least           bool
	reusePort       bool
	connections     int
	onStart         []func(ctx context.Context)
	drain           time.Duration
	idle, firstByte time.Duration
}

// Loops has the connections served by n loops, each on a goroutine of its own.
// Without it they are served on the loop of the task that calls Serve; if that
// is a plain goroutine, on one loop beside it.
func Loops(n int) ServerOption { return func(o *serverOptions) { o.loops = n } }

// LeastConnections gives a new connection to the loop that has the fewest.
// Without it loops get them in turn. Take it where connections live for very
// different times.
func LeastConnections() ServerOption { return func(o *serverOptions) { o.least = true } }

// ReusePort has each loop accept for itself, on a listening socket of its own:
// the system distributes the connections, and none is handed from loop to loop.
// The listener must come from [ListenReusePort]. Take it where connections are
// short and many; the system's distribution is by chance, not by load.
func ReusePort() ServerOption { return func(o *serverOptions) { o.reusePort = true } }

// MaxConnections bounds the open connections of the server: while there are n it
// accepts no more, and new ones wait in the system's backlog. Without it the
// descriptors are the bound.
func MaxConnections(n int) ServerOption { return func(o *serverOptions) { o.connections = n } }

// DrainTimeout is how long connections may take to finish when the server
// stops; 5 seconds without it.
func DrainTimeout(d time.Duration) ServerOption { return func(o *serverOptions) { o.drain = d } }

// OnStart has fn called on each of the server's loops as the server starts, one
// after the other and before any connection comes: to set up what is kept for
// each loop. Tasks that it starts with ctx belong to the server. fn must not
// wait for connections.
func OnStart(fn func(ctx context.Context)) ServerOption {
	return func(o *serverOptions) { o.onStart = append(o.onStart, fn) }
}
