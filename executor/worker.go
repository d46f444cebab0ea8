package executor

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/executor/internal/process"
	"github.com/goaio/aio/executor/internal/wire"
	"github.com/goaio/aio/loop"
)

// worker is the process that serves calls, one at a time, from the inside.
type worker struct {
	buffer wire.Buffer

	sending sync.Mutex // a frame goes out whole
	out     []byte

	mu        sync.Mutex
	call      *serving
	cancelled uint64 // the call that was cancelled last
}

// exitBroken is the exit status of a worker that did not understand its pool.
const exitBroken = 4

// work is Main in a worker.
func work() {
	w := &worker{}
	go w.obey()
	hello, err := wire.Encode(identity())
	if err == nil {
		err = w.send(wire.Hello, 0, hello)
	}
	if err != nil {
		w.broken(err)
	}
	welcome, err := w.next()
	if err != nil {
		w.leave(err)
	}
	settings, err := wire.Decode[wire.Settings](welcome.Body)
	if err != nil || welcome.Kind != wire.Welcome {
		w.broken(fmt.Errorf("%v instead of a welcome: %w", welcome.Kind, err))
	}
	slog.SetDefault(slog.New(&lineHandler{worker: w, level: slog.Level(settings.LogLevel)}))
	go w.serve(&settings)
	select {} // the functions have a goroutine of their own, which may end by Goexit
}

// obey hears what the pool says while a function runs. When the pool's process
// has ended so does this one, and what its functions have started.
func (w *worker) obey() {
	var number [8]byte
	_ = wire.SetNonblocking(controlFile) // so that it is on the poller and no thread waits
	control := os.NewFile(controlFile, "control")
	for {
		if _, err := io.ReadFull(control, number[:]); err != nil {
			process.EndGroup()
			os.Exit(exitBroken)
		}
		n := binary.LittleEndian.Uint64(number[:])
		if n == 0 {
			os.Exit(0) // the pool wants no more of it
		}
		w.cancel(n)
	}
}

func (w *worker) cancel(number uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cancelled = number // which may not have begun yet
	if w.call != nil && w.call.number == number {
		w.call.cancel(nil)
	}
}

// serve sets the worker up, if that is still to do, and runs calls.
func (w *worker) serve(setUp *wire.Settings) {
	defer func() {
		// Reached only by runtime.Goexit in a function: another goroutine goes on.
		go w.serve(nil)
	}()
	if setUp != nil && !w.initialize(setUp) {
		return
	}
	for {
		frame, err := w.next()
		if err != nil {
			w.leave(err)
		}
		if frame.Kind != wire.Call {
			w.broken(fmt.Errorf("%v instead of a call", frame.Kind))
		}
		timeout, name, input, err := wire.ParseCall(frame.Body)
		if err == nil && frame.InMemory {
			input, err = received(socketFile, maxInt)
		}
		if err != nil {
			w.broken(err)
		}
		w.run(frame.Call, timeout, name, input, frame.InMemory)
	}
}

const maxInt = int64(^uint(0) >> 1)

// initialize runs the initializer and reports the outcome.
func (w *worker) initialize(settings *wire.Settings) bool {
	if settings.Initializer != "" && !w.run(0, 0, settings.Initializer, settings.Input, false) {
		return true // the pool ends it
	}
	if err := w.send(wire.Ready, 0, nil); err != nil {
		w.leave(err)
	}
	return true
}

// run runs one call and answers it; number 0 is the initializer, whose success
// is answered by Ready. ok says that the function returned no error.
func (w *worker) run(number uint64, timeout time.Duration, name string, input []byte, ownInput bool) (ok bool) {
	f := registered.find(name)
	if f == nil {
		w.fail(number, 0, wire.Error{Unknown: true})
		return false
	}
	begun := time.Now()
	c := &serving{worker: w, number: number}
	ctx, cancel := context.WithCancelCause(context.WithValue(context.Background(), reporterKey{}, reporter(c)))
	c.cancel = cancel
	if timeout > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, timeout)
		defer stop()
	}
	w.mu.Lock()
	w.call = c
	if number > 0 && w.cancelled == number {
		cancel(nil)
	}
	w.mu.Unlock()
	err := aio.ErrGoexit
	var output []byte
	defer func() {
		// Deferred, since the function may call runtime.Goexit.
		ran := time.Since(begun)
		c.flush()
		w.mu.Lock()
		w.call = nil
		w.mu.Unlock()
		cancel(nil)
		switch ok = err == nil; {
		case !ok:
			w.fail(number, ran, pack(f, err))
		case number > 0:
			w.result(number, ran, output)
		}
	}()
	if keepsBytes(f.in) && !ownInput {
		input = append([]byte{}, input...) // it lay in the buffer
	}
	output, err = guarded(ctx, f.serve, input)
	return err == nil
}

// guarded runs a function and recovers its panic.
func guarded(ctx context.Context, serve served, input []byte) (output []byte, err error) {
	returned := false
	defer func() {
		if !returned {
			if value := recover(); value != nil {
				err = loop.NewPanicError(value)
			}
		}
	}()
	output, err = serve(ctx, input)
	returned = true
	return output, err
}

// next waits for the next frame. Its body is valid until the next call. A small
// frame is a packet of its own: what this has not returned the worker has not
// begun, and the pool may take it back.
func (w *worker) next() (frame wire.Frame, err error) {
	for {
		frame, ok, err := w.buffer.Next()
		if ok || err != nil {
			return frame, err
		}
		if _, err := w.buffer.Fill(callsFile, false); err != nil {
			return frame, err
		}
	}
}

// received is the payload of a frame that is in memory.
func received(socket int, limit int64) ([]byte, error) {
	file, err := wire.ReceiveFile(socket)
	if err != nil {
		return nil, err
	}
	return wire.Unseal(file, limit)
}

func (w *worker) send(kind wire.Kind, number uint64, body []byte) error {
	w.sending.Lock()
	defer w.sending.Unlock()
	w.out = wire.Frame{Kind: kind, Call: number, Body: body}.Append(w.out[:0])
	return wire.WriteAll(answersFile, w.out)
}

// answer sends the answer to a call that ran for so long.
func (w *worker) answer(kind wire.Kind, inMemory bool, number uint64, ran time.Duration, body []byte) {
	b := wire.AppendHeader(w.out[:0], kind, inMemory, number, wire.AnswerSize+len(body))
	w.out = append(wire.AppendAnswer(b, ran), body...)
	if err := wire.WriteAll(answersFile, w.out); err != nil {
		w.leave(err)
	}
}

// result sends what a function has returned.
func (w *worker) result(number uint64, ran time.Duration, output []byte) {
	if len(output) <= wire.Inline {
		w.sending.Lock()
		defer w.sending.Unlock()
		w.answer(wire.Result, false, number, ran, output)
		return
	}
	file, err := wire.Seal(output)
	if err != nil {
		w.fail(number, ran, pack(nil, err))
		return
	}
	defer wire.CloseFile(file)
	w.sending.Lock()
	defer w.sending.Unlock()
	if err := wire.SendFile(socketFile, file); err != nil {
		w.leave(err)
	}
	w.answer(wire.Result, true, number, ran, nil)
}

// fail sends the error of a call, or of the initializer.
func (w *worker) fail(number uint64, ran time.Duration, failure wire.Error) {
	body, err := wire.Encode(failure)
	if err != nil {
		w.leave(err)
	}
	w.sending.Lock()
	defer w.sending.Unlock()
	w.answer(wire.Failure, false, number, ran, body)
}

// leave ends the process when its pool wants no more of it, or is gone.
func (w *worker) leave(err error) {
	if errors.Is(err, io.EOF) {
		os.Exit(0)
	}
	w.broken(err)
}

func (w *worker) broken(err error) {
	fmt.Fprintln(os.Stderr, "executor: worker:", err)
	os.Exit(exitBroken)
}

// updatePeriod is how often updates of one call are sent at most.
const updatePeriod = 20 * time.Millisecond

// serving is the call that runs.
type serving struct {
	worker *worker
	number uint64
	cancel context.CancelCauseFunc

	mu      sync.Mutex
	last    time.Time // when an update was sent
	pending *Update   // the newest one that was not
	over    bool
}

// report sends an update, or keeps it for later.
func (c *serving) report(u Update) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch now := time.Now(); {
	case c.over || c.number == 0:
	case now.Sub(c.last) < updatePeriod:
		c.pending = &u
	default:
		c.last, c.pending = now, nil
		c.send(u)
	}
}

// flush sends what is kept, before the result goes.
func (c *serving) flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	if c.pending != nil {
		c.send(*c.pending)
	}
}

func (c *serving) send(u Update) {
	body := wire.AppendProgress(nil, u.Done, u.Total, u.Note)
	if err := c.worker.send(wire.Progress, c.number, body); err != nil {
		c.worker.leave(err)
	}
}
