// Package tour shows asyncio's ideas in this project, each as a few lines of
// code that are run for real.
package tour

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"time"
)

// step is one stop of the tour. run is the function whose code is shown; say
// prints a line of its output.
type step struct {
	title string
	text  string
	code  string // the name of the function
	run   func(say func(format string, arguments ...any)) error
	check func(r result) error
}

// result is what a step did.
type result struct {
	lines   []string
	elapsed time.Duration
}

var errFailed = errors.New("a step failed")

// Main runs the tour with the arguments of the command line and returns the
// exit status: 1 if a step failed, 2 if the arguments make no sense.
func Main(arguments []string, out, messages io.Writer) (status int) {
	flags := flag.NewFlagSet("aio tour", flag.ContinueOnError)
	flags.SetOutput(messages)
	list := flags.Bool("list", false, "list the steps")
	number := flags.Int("step", 0, "run only step `N`")
	plain := flags.Bool("plain", false, "ASCII only and no colour")
	if err := flags.Parse(arguments); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if flags.NArg() > 0 || *number < 0 || *number > len(steps) {
		fmt.Fprintf(messages, "aio tour: there are steps 1 to %d; see aio tour --list\n", len(steps))
		return 2
	}
	p := newPrinter(out, *plain)
	if *list {
		for i, s := range steps {
			fmt.Fprintf(out, "%3d  %s\n", i+1, s.title)
		}
		return 0
	}
	if err := show(p, steps, *number); err != nil {
		return 1
	}
	return 0
}

// show runs one step, or all of them for 0.
func show(p *printer, steps []step, number int) error {
	failed := 0
	begin := time.Now()
	ran := 0
	for i, s := range steps {
		if number != 0 && number != i+1 {
			continue
		}
		ran++
		if err := p.step(i+1, s); err != nil {
			failed++
		}
	}
	p.summary(ran, failed, time.Since(begin))
	if failed > 0 {
		return errFailed
	}
	return nil
}

// carryOut runs a step and hands on each line as it comes.
func (s step) carryOut(each func(elapsed time.Duration, line string)) (r result, err error) {
	begin := time.Now()
	lines := make(chan string)
	done := make(chan error)
	go func() {
		done <- s.run(func(format string, arguments ...any) { lines <- fmt.Sprintf(format, arguments...) })
	}()
	for {
		select {
		case line := <-lines:
			r.lines = append(r.lines, line)
			each(time.Since(begin), line)
		case err = <-done:
			r.elapsed = time.Since(begin)
			if err == nil && s.check != nil {
				err = s.check(r)
			}
			return r, err
		}
	}
}
