package aio

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/goaio/aio/loop"
)

func TestRunReturnsMainsError(t *testing.T) {
	err := Run(context.Background(), func(context.Context) error { return errTest }, NoInterrupt())
	if err != errTest {
		t.Errorf("got %v", err)
	}
}

func TestRunShutsDownInOrder(t *testing.T) {
	var log lines
	virtually(t, func(ctx context.Context) error {
		for _, name := range []string{"a", "b"} {
			Go(ctx, func(ctx context.Context) error {
				err := Sleep(ctx, time.Hour)
				log.log(name)
				return err
			})
		}
		_ = Yield(ctx)
		log.log("main")
		return nil
	})
	log.want(t, "main", "a", "b")
}

func TestACancelOfTheContextCancelsMain(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	err := Run(ctx, func(ctx context.Context) error {
		go cancel(errTest)
		return Sleep(ctx, time.Hour)
	}, NoInterrupt())
	if !IsCancelled(err) || !errors.Is(err, errTest) {
		t.Errorf("got %v", err)
	}
}

func TestMainsPanicIsReturned(t *testing.T) {
	err := Run(context.Background(), func(context.Context) error { panic("boom") }, NoInterrupt())
	var p *PanicError
	if !errors.As(err, &p) || p.Value != "boom" {
		t.Errorf("got %v", err)
	}
}

func TestAPanicThatNobodyAwaitsEndsRun(t *testing.T) {
	cleaned := false
	err := Run(context.Background(), func(ctx context.Context) error {
		Go(ctx, func(context.Context) error { panic("boom") })
		err := Sleep(ctx, time.Hour)
		cleaned = true
		return err
	}, NoInterrupt())
	var p *PanicError
	if !errors.As(err, &p) || p.Value != "boom" || !cleaned {
		t.Errorf("got %v, cleaned: %v", err, cleaned)
	}
}

func TestAPanicThatIsAwaitedIsAnError(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		task := Go(ctx, func(ctx context.Context) error {
			_ = Yield(ctx)
			panic("boom")
		})
		_, err := task.Await(ctx)
		var p *PanicError
		if !errors.As(err, &p) {
			t.Errorf("got %v", err)
		}
		return Sleep(ctx, time.Second)
	})
}

func TestMainsGoexitGoesOnInTheCaller(t *testing.T) {
	returned, unwound := false, false
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { unwound = true }()
		_ = Run(context.Background(), func(context.Context) error {
			runtime.Goexit()
			return nil
		}, NoInterrupt())
		returned = true
	}()
	<-done
	if returned || !unwound {
		t.Errorf("returned: %v, unwound: %v", returned, unwound)
	}
}

func TestRunInATaskIsAnError(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		err := Run(ctx, func(context.Context) error { return nil }, NoInterrupt())
		if !errors.Is(err, loop.ErrNested) {
			t.Errorf("got %v", err)
		}
		return nil
	})
}

func TestWhatIsAbandonedIsNamed(t *testing.T) {
	err := Run(context.Background(), func(ctx context.Context) error {
		Go(ctx, func(ctx context.Context) error {
			for {
				_ = Cleanup(ctx, time.Hour, func(ctx context.Context) error { return Sleep(ctx, time.Hour) })
			}
		}, Name("stubborn"))
		return nil
	}, NoInterrupt(), ShutdownTimeout(10*time.Millisecond))
	if !errors.Is(err, loop.ErrAbandoned) || !strings.Contains(err.Error(), "stubborn") {
		t.Errorf("got %v", err)
	}
}

func TestFailuresThatNobodyReadAreReported(t *testing.T) {
	var got []string
	virtually(t, func(ctx context.Context) error {
		Go(ctx, func(context.Context) error { return errTest }, Name("forgotten"))
		read := Go(ctx, func(context.Context) error { return errTest })
		_, _ = read.Await(ctx)
		return nil
	}, ExceptionHandler(func(_ *loop.Loop, e loop.Exception) {
		got = append(got, e.Task.Name()+": "+e.Err.Error())
	}))
	if len(got) != 1 || got[0] != "forgotten: test" {
		t.Errorf("got %v", got)
	}
}

// The tests of interrupts need a process of their own.
func TestInterrupt(t *testing.T) {
	if role := os.Getenv("AIO_TEST_INTERRUPT"); role != "" {
		interrupted(role)
		return
	}
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot send another one an interrupt on Windows")
	}
	for _, c := range []struct{ role, want string }{
		{"once", "ready\ncleaned up\nErrInterrupted: true\n"},
		{"twice", "ready\ncleaning up\n"},
	} {
		t.Run(c.role, func(t *testing.T) {
			command := exec.Command(os.Args[0], "-test.run=^TestInterrupt$")
			command.Env = append(os.Environ(), "AIO_TEST_INTERRUPT="+c.role)
			out, err := command.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			reader := bufio.NewReader(out)
			var got strings.Builder
			for {
				line, err := reader.ReadString('\n')
				got.WriteString(line)
				if err != nil {
					break
				}
				if line == "ready\n" || line == "cleaning up\n" {
					_ = command.Process.Signal(os.Interrupt)
				}
			}
			_, _ = io.Copy(io.Discard, reader)
			err = command.Wait()
			if c.role == "twice" && err == nil {
				t.Error("the second interrupt did not end the process")
			}
			if !strings.HasPrefix(got.String(), c.want) {
				t.Errorf("got %q, want %q", got.String(), c.want)
			}
		})
	}
}

func interrupted(role string) {
	err := Run(context.Background(), func(ctx context.Context) error {
		fmt.Println("ready")
		err := Sleep(ctx, time.Hour)
		if role == "twice" {
			_ = Cleanup(ctx, time.Hour, func(ctx context.Context) error {
				fmt.Println("cleaning up")
				return Sleep(ctx, time.Hour)
			})
		}
		fmt.Println("cleaned up")
		return err
	})
	fmt.Println("ErrInterrupted:", errors.Is(err, ErrInterrupted))
}
