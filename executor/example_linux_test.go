package executor_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/executor"
)

// A function is registered in a package variable, so that every process of the
// program has it.
var upper = executor.Func("upper", func(_ context.Context, s string) (string, error) {
	if s == "" {
		return "", errors.New("nothing to do")
	}
	return strings.ToUpper(s), nil
})

// copyAll tells of its progress and ends when its call is cancelled.
var copyAll = executor.Func("copyAll", func(ctx context.Context, n int64) (int64, error) {
	for i := range n {
		executor.Progress(ctx, i+1, n, "")
		if ctx.Err() != nil {
			return i, ctx.Err()
		}
	}
	return n, nil
})

// endless looks at no context.
var endless = executor.Func("endless", func(context.Context, struct{}) (int, error) {
	for {
		time.Sleep(time.Hour)
	}
})

func Example() {
	// Before anything else: executor.Main(), which makes a worker of a process
	// that the pool has started.
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		pool, err := executor.NewProcessPool(executor.ProcessPoolOptions{Workers: 2, MemoryLimit: 512 << 20})
		if err != nil {
			return err
		}
		defer pool.Shutdown(context.WithoutCancel(ctx), executor.KillAll)
		out, err := upper.Run(ctx, pool, "from another process")
		fmt.Println(out)
		return err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output: FROM ANOTHER PROCESS
}

func ExampleFunc() {
	// The same function runs here, on a thread or in a process.
	ctx := context.Background()
	threads := executor.NewThreadPool(2)
	defer threads.Shutdown(ctx, false)
	here, _ := upper.Call(ctx, "here")
	onThread, _ := upper.Run(ctx, threads, "on a thread")
	fmt.Println(here, onThread)
	// Output: HERE ON A THREAD
}

func ExampleFunction_Run() {
	ctx := context.Background()
	pool, err := executor.NewProcessPool(executor.ProcessPoolOptions{Workers: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Shutdown(ctx, executor.KillAll)
	// A function that does not end is ended.
	_, err = endless.Run(ctx, pool, struct{}{}, executor.Timeout(50*time.Millisecond), executor.Grace(0))
	fmt.Println(errors.Is(err, context.DeadlineExceeded))
	// An error keeps its text.
	_, err = upper.Run(ctx, pool, "")
	fmt.Println(err)
	// Output:
	// true
	// nothing to do
}

func ExampleFunction_Submit() {
	ctx := context.Background()
	pool, err := executor.NewProcessPool(executor.ProcessPoolOptions{Workers: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Shutdown(ctx, executor.KillAll)
	first, err := upper.Submit(ctx, pool, "first")
	if err != nil {
		fmt.Println(err)
		return
	}
	second, err := endless.Submit(ctx, pool, struct{}{}, executor.Grace(0), executor.Label("the endless one"))
	if err != nil {
		fmt.Println(err)
		return
	}
	out, err := first.Await(ctx)
	fmt.Println(out, err)
	second.Cancel(errors.New("not wanted any more"))
	_, err = second.Await(ctx)
	fmt.Println(err)
	// Output:
	// FIRST <nil>
	// cancelled: not wanted any more
}

func ExampleFunction_Map() {
	ctx := context.Background()
	pool, err := executor.NewProcessPool(executor.ProcessPoolOptions{Workers: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Shutdown(ctx, executor.KillAll)
	for out, err := range upper.Map(ctx, pool, slices.Values([]string{"a", "", "c"})) {
		fmt.Printf("%q %v\n", out, err)
	}
	// Output:
	// "A" <nil>
	// "" nothing to do
	// "C" <nil>
}

func ExampleFunction_MapAsCompleted() {
	ctx := context.Background()
	pool := executor.NewThreadPool(2)
	defer pool.Shutdown(ctx, false)
	outs := make([]string, 3)
	for made, err := range upper.MapAsCompleted(ctx, pool, slices.Values([]string{"a", "b", "c"})) {
		if err != nil {
			fmt.Println(err)
			return
		}
		outs[made.Index] = made.In + made.Out // in whatever order they come
	}
	fmt.Println(outs)
	// Output: [aA bB cC]
}

func ExampleProgress() {
	ctx := context.Background()
	pool, err := executor.NewProcessPool(executor.ProcessPoolOptions{Workers: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Shutdown(ctx, executor.KillAll)
	call, err := copyAll.Submit(ctx, pool, 1000)
	if err != nil {
		fmt.Println(err)
		return
	}
	var last executor.Update
	for update, err := range call.Progress(ctx) { // some of them, and the last one
		if err != nil {
			fmt.Println(err)
			return
		}
		last = update
	}
	fmt.Println(last.Done, "of", last.Total)
	// Output: 1000 of 1000
}

func ExampleNewProcessPool() {
	ctx := context.Background()
	pool, err := executor.NewProcessPool(executor.ProcessPoolOptions{
		Name:           "render",
		Workers:        2,
		CallsPerWorker: 1000,            // then another process takes its place
		Timeout:        time.Minute,     // for each call
		MemoryLimit:    256 << 20,       // for each process
		Environment:    []string{"A=b"}, // beside this process's own
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := pool.WarmUp(ctx); err != nil {
		fmt.Println(err)
	}
	fmt.Println(pool.Stats().Idle, "processes wait for calls")
	fmt.Println(pool.Shutdown(ctx, executor.WaitForAll))
	// Output:
	// 2 processes wait for calls
	// <nil>
}
