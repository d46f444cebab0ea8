package main

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/executor"
	"github.com/goaio/aio/internal/leakcheck"
)

func TestMain(m *testing.M) {
	executor.Main()
	leakcheck.Main(m)
}

func TestJobs(t *testing.T) {
	const d = 100 * time.Millisecond
	var lines []string
	var last time.Duration
	start := time.Now()
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		return run(ctx, d, func(format string, arguments ...any) {
			if lines = append(lines, fmt.Sprintf(format, arguments...)); len(lines) == 6 {
				last = time.Since(start)
			}
		})
	}, aio.NoInterrupt())
	if err != nil {
		t.Fatal(err)
	}
	want := `^doing something
doing something
doing something
done
done
done
process \d+ has taken [\d.]+m?s of a processor so far, and burns
the job ended: .*enough
and so did its process
the worker was killed by SIGKILL
the pool goes on$`
	if got := strings.Join(lines, "\n"); !regexp.MustCompile(want).MatchString(got) {
		t.Errorf("it said:\n%s", got)
	}
	if last < 2*d {
		t.Errorf("three jobs of %v on two processes were done after %v", d, last)
	}
}
