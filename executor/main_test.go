//go:build unix

package executor_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goaio/aio/executor"
	"github.com/goaio/aio/internal/leakcheck"
)

func TestMain(m *testing.M) {
	misbehave(os.Getenv("EXECUTOR_TEST_MAIN"))
	executor.Main()
	leakcheck.Main(m)
}

// misbehave is a main that does what a test wants of one.
func misbehave(how string) {
	switch how {
	case "uses a pool before Main":
		pool, err := executor.NewProcessPool(executor.ProcessPoolOptions{MinWorkers: 2, Workers: 2})
		if err == nil {
			_, err = echo.Run(context.Background(), pool, nil)
		}
		fmt.Fprintln(os.Stderr, "it went on:", err)
		os.Exit(0)
	case "ends":
		os.Exit(0)
	case "does something else":
		select {}
	case "has another function":
		executor.Func("only here", func(context.Context, int) (int, error) { return 0, nil })
	case "registers late":
		registerLate()
	case "is a parent":
		beParent()
	}
}

// beParent has workers that burn, and says who they are.
func beParent() {
	executor.Main()
	pool, err := executor.NewProcessPool(executor.ProcessPoolOptions{Workers: 3})
	if err != nil {
		panic(err)
	}
	for range 3 {
		if _, err := burn.Submit(context.Background(), pool, ""); err != nil {
			panic(err)
		}
	}
	for pool.Stats().Running < 3 {
		time.Sleep(time.Millisecond)
	}
	fmt.Println(childrenOf(os.Getpid()))
	select {}
}

// newPool makes a pool that is shut down, and has left no process, when the test
// ends.
func newPool(t testing.TB, options executor.ProcessPoolOptions) *executor.ProcessPool {
	t.Helper()
	if options.Name == "" {
		options.Name = t.Name()
	}
	pool, err := executor.NewProcessPool(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := pool.Shutdown(ctx, executor.KillAll); err != nil {
			t.Error(err)
		}
		if s := pool.Stats(); s.Workers != 0 || s.Queued != 0 || s.Running != 0 || s.Starting != 0 {
			t.Errorf("after the shutdown: %+v", s)
		}
	})
	return pool
}

func childrenOf(pid int) []int {
	var children []int
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, file := range threads {
		b, _ := os.ReadFile(file)
		for _, field := range strings.Fields(string(b)) {
			n, _ := strconv.Atoi(field)
			children = append(children, n)
		}
	}
	return children
}
