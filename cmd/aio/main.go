// Command aio is the project's door: a tour of what it does, and tools made of it.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/goaio/aio/cmd/aio/serve"
	"github.com/goaio/aio/cmd/aio/tour"
	"github.com/goaio/aio/executor"
)

const usage = `aio: event loops and coroutines for Go

usage:
  aio tour [--list] [--step N] [--plain]    asyncio's ideas, each run for real
  aio serve [flags] [DIR]                   a folder on the web; aio serve --help
  aio help                                  this text
`

func main() {
	executor.Main() // the tour has a pool of processes
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(arguments []string, out, errors io.Writer) (status int) {
	if len(arguments) == 0 {
		fmt.Fprint(out, usage)
		return 0
	}
	switch arguments[0] {
	case "tour":
		return tour.Main(arguments[1:], out, errors)
	case "serve":
		return serve.Main(arguments[1:], out, errors)
	case "help", "-h", "--help":
		fmt.Fprint(out, usage)
		return 0
	}
	fmt.Fprintf(errors, "aio: no command named %q\n\n%s", arguments[0], usage)
	return 2
}
