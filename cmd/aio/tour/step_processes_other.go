//go:build !linux

package tour

var processesStep = step{
	title:   "CPU-bound work on a pool of two processes",
	text:    `Process pools need Linux so far, so there is nothing to run here.`,
	asyncio: `run_in_executor with a ProcessPoolExecutor.`,
	run:     processes,
	check:   prints("no process pool on this system"),
	proves:  "nothing",
}

func processes(say func(string, ...any)) error {
	say("no process pool on this system")
	return nil
}
