//go:build !unix

package tour

var socketPairStep = step{
	title:   "Readers and writers on a socket pair",
	text:    `The loop watches descriptors and calls back when one can be read or written.`,
	asyncio: `the same, but not on the loop that Windows has by default.`,
	run:     noSocketPair,
	check:   prints("this system has no socket pair that a loop can watch"),
	proves:  "nothing to see here; look again on a Unix",
}

func noSocketPair(say func(string, ...any)) error {
	say("this system has no socket pair that a loop can watch")
	return nil
}
