package executor

import "context"

// An Executor runs calls of registered functions: a [*ThreadPool], a
// [*ProcessPool], or what another package brings.
type Executor interface {
	// Execute takes an invocation over and returns nil, or refuses it with an
	// error. It waits for a place, as tasks and goroutines do, unless
	// [Invocation.NoWait] says otherwise. What it has taken over it ends, once,
	// by one of the invocation's methods, also after a cancel.
	Execute(ctx context.Context, invocation *Invocation) error
	// Workers returns how many calls can run at a time.
	Workers() int
}
