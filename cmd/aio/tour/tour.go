// Package tour shows asyncio's ideas in this project, each as a few lines of
// code that are run for real and check themselves.
package tour

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/goaio/aio"
)

var steps = []step{
	helloStep,
	sleepersStep,
	generatorsStep,
	secondLoopStep,
	callbacksStep,
	socketPairStep,
	blockingStep,
	processesStep,
	futureStep,
	untilCompleteStep,
	cancelStep,
	groupStep,
	circleStep,
}

// limit bounds a step: one that hangs is one that fails.
const limit = 10 * time.Second

const usage = `usage: aio tour [--list] [--step N] [--plain]

  --list     list the steps
  --step N   run step N alone
  --plain    ASCII only, and no colour
`

// The exit statuses; interrupted is the shell's for a process that SIGINT ended.
const (
	passed      = 0
	failed      = 1
	misused     = 2
	interrupted = 130
)

// Main runs the tour with the arguments of the command line and returns the
// exit status: 1 if a step failed, 2 if the arguments make no sense, 130 if it
// was interrupted from the keyboard.
func Main(arguments []string, out, messages io.Writer) (status int) {
	return run(steps, arguments, out, messages)
}

func run(steps []step, arguments []string, out, messages io.Writer) (status int) {
	flags := flag.NewFlagSet("aio tour", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	list := flags.Bool("list", false, "")
	number := flags.Int("step", 0, "")
	plain := flags.Bool("plain", false, "")
	err := flags.Parse(arguments)
	given := false
	flags.Visit(func(f *flag.Flag) { given = given || f.Name == "step" })
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(out, usage)
		return passed
	case err != nil:
	case flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case given && (*number < 1 || *number > len(steps)):
		err = fmt.Errorf("no step %d: there are steps 1 to %d", *number, len(steps))
	}
	if err != nil {
		fmt.Fprintf(messages, "aio tour: %v\n\n%s", err, usage)
		return misused
	}
	p := newPrinter(out, *plain)
	switch {
	case *list:
		p.list(steps)
		return passed
	case given:
		return p.outcome(p.step(*number, len(steps), steps[*number-1]))
	}
	return p.tour(steps)
}

// outcome is the exit status that a step's error stands for.
func (p *printer) outcome(err error) (status int) {
	switch {
	case err == nil:
		return passed
	case errors.Is(err, aio.ErrInterrupted):
		return interrupted
	}
	return failed
}

// tour runs all the steps, and goes on after one that failed. One that hangs
// still runs, and may disturb what comes after it: the tour ends there.
func (p *printer) tour(steps []step) (status int) {
	p.welcome(len(steps))
	begin := time.Now()
	var failures []int
	for i, s := range steps {
		err := p.step(i+1, len(steps), s)
		if p.outcome(err) == interrupted {
			return interrupted
		}
		if err != nil {
			failures = append(failures, i+1)
		}
		if errors.Is(err, errHangs) {
			break
		}
	}
	p.farewell(len(steps), failures, time.Since(begin))
	if len(failures) > 0 {
		return failed
	}
	return passed
}
