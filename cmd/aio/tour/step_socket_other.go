//go:build !unix

package tour

func noSocketPair(say func(string, ...any)) error {
	say("this system has no socket pairs that a loop can watch")
	return nil
}

var runSocketPair, socketPairCode = noSocketPair, "noSocketPair"

func checkSocketPair(result) error { return nil }
