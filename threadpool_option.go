package aio

import (
	"math"
	"time"
)

// Defaults of a [ThreadPool].
const (
	// DefaultPoolQueueLength is how many jobs may wait for a worker.
	DefaultPoolQueueLength = 1024
	// DefaultPoolIdleTimeout is how long a worker is kept without work.
	DefaultPoolIdleTimeout = time.Minute

	poolMaxLength = math.MaxInt32 / 2 // keeps the sum of workers and queue length an int everywhere
)

// A ThreadPoolOption sets one property of a [ThreadPool].
type ThreadPoolOption func(*ThreadPool)

// PoolQueueLength bounds how many jobs may wait while all workers are busy. With 0 a job is accepted only if a worker
// is there for it. Less is taken as 0.
func PoolQueueLength(n int) ThreadPoolOption {
	return func(p *ThreadPool) { p.queueLength = min(max(n, 0), poolMaxLength) }
}

// PoolInitializer has every worker call fn before its first job. If fn returns an error or panics, the pool is broken,
// as concurrent.futures' BrokenThreadPool: all waiting jobs are dropped and all later ones refused, with an error that
// wraps [ErrBroken] and the cause.
func PoolInitializer(fn func() error) ThreadPoolOption {
	return func(p *ThreadPool) { p.initializer = fn }
}

// PoolIdleTimeout sets how long a worker must have been without work to be retired; it may be kept for up to twice as
// long. With d <= 0 workers are kept until Shutdown.
func PoolIdleTimeout(d time.Duration) ThreadPoolOption {
	return func(p *ThreadPool) { p.idleTimeout = d }
}

// PoolName names the pool in messages, and its workers in goroutine profiles (label "aio.pool").
func PoolName(name string) ThreadPoolOption {
	return func(p *ThreadPool) { p.name = name }
}

// PoolPanicHandler sets what is called, on the worker, when a job's Run or Drop panics. The default logs the error with
// [log/slog]. The worker goes on afterwards, unless fn panics itself: that ends the process.
func PoolPanicHandler(fn func(*PanicError)) ThreadPoolOption {
	return func(p *ThreadPool) { p.panicHandler = fn }
}
