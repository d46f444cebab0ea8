package executor

import "time"

// An Option is a setting of one call, or of the calls of one Map.
type Option func(*settings)

type settings struct {
	priority  int
	timeout   time.Duration
	grace     time.Duration // negative: the executor's
	retries   int
	label     string
	lookAhead int
	noWait    bool
}

func settingsOf(options []Option) settings {
	s := settings{grace: -1}
	for _, option := range options {
		option(&s)
	}
	return s
}

// Priority has calls of a higher number start before those of a lower one, in
// order of arrival among equals. Without it the number is 0. A process pool
// hands a worker whose calls are short some of them ahead: one that comes later
// may start after those, however high its number.
func Priority(n int) Option { return func(s *settings) { s.priority = n } }

// Timeout bounds the time that the function runs, not counting the time that it
// waits for a worker. A process is then killed as by a cancel; on a thread the
// function's context ends. The call's error is an [*aio.TimeoutError].
func Timeout(d time.Duration) Option { return func(s *settings) { s.timeout = d } }

// Grace is how long a cancelled function has, from the end of its context on,
// before its process group gets SIGTERM, and from then on before it gets
// SIGKILL; with 0 it is killed at once. Without it the pool's
// [ProcessPoolOptions.Grace] holds. Threads cannot be killed.
func Grace(d time.Duration) Option { return func(s *settings) { s.grace = max(d, 0) } }

// Retry has the call started again, up to n times, when its worker dies: for
// functions that may run twice. A call that was cancelled, timed out or failed
// is not.
func Retry(n int) Option { return func(s *settings) { s.retries = n } }

// Label names the input in errors and log lines.
func Label(text string) Option { return func(s *settings) { s.label = text } }

// LookAhead bounds how many calls a Map has under way or finished ahead of its
// reader. Without it there are two for each worker.
func LookAhead(n int) Option { return func(s *settings) { s.lookAhead = max(n, 1) } }
