// Package executor runs functions elsewhere: on threads, or in processes that
// can be killed.
//
// A function is registered under a name, once, and keeps its types:
//
//	var Thumb = executor.Func("thumb", func(ctx context.Context, path string) ([]byte, error) { … })
//
//	func main() {
//		executor.Main() // makes a worker of the process that a pool has started
//		pool, err := executor.NewProcessPool(executor.ProcessPoolOptions{Workers: 2})
//		…
//		image, err := Thumb.Run(ctx, pool, "a.jpg")
//	}
//
// [Function.Run] awaits one call; [Function.Submit] returns it as a future with
// a handle; [Function.Map] runs a function over inputs. Tasks of a loop and plain
// goroutines call them alike.
//
// # Threads or processes
//
// A [ThreadPool] runs a function as it is: nothing is encoded, nothing can be
// killed. A [ProcessPool] starts the program again as workers. A call costs some
// fifteen microseconds more, and then a crash, a leak or an endless loop costs
// one call: a cancelled or timed-out call is really ended, first by its context,
// then by SIGTERM and SIGKILL to its process group.
//
// Short calls of a busy process pool cost less than that: a worker whose
// functions have lately taken less than a tenth of a millisecond is handed a few
// calls ahead, so that neither side sleeps between them. Such a call waits: it
// goes to another worker when the one before it takes longer than a millisecond
// or is killed, and a cancel takes it out. No call begins twice, unless
// [Retry] asks for it.
//
// # What crosses over
//
// Inputs and results are CBOR; []byte goes as it is, and a [Codec] may take
// further types, protocol buffers for one. What is larger than 256 kB
// goes through sealed memory and not through the pipe. An error keeps its
// text, its type's name, the errors of [RegisterError] that it wraps, and where
// it comes from; a panic its stack. [Progress] and lines of slog reach the
// caller's process.
//
// A context's values do not cross over, and of its end only that it has come.
package executor
