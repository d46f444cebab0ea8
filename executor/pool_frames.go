package executor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/executor/internal/wire"
)

// take acts upon one frame of a worker. Its error says that no worker sends
// such.
func (w *workerProcess) take(f wire.Frame) error {
	switch f.Kind {
	case wire.Result, wire.Failure:
		return w.takeAnswer(f)
	case wire.Progress:
		done, total, note, err := wire.ParseProgress(f.Body)
		if err != nil {
			return err
		}
		if j := w.jobOf(f.Call); j != nil {
			j.invocation.Report(Update{done, total, note})
		}
		return nil
	case wire.Log:
		line, err := wire.Decode[wire.Line](f.Body)
		if err == nil {
			w.log(f.Call, line)
		}
		return err
	case wire.Hello, wire.Ready, wire.Refused:
		return w.takeHandshake(f)
	}
	return fmt.Errorf("a %v from a worker", f.Kind)
}

// jobOf returns the job whose turn it is if it has that number.
func (w *workerProcess) jobOf(number uint64) *job {
	w.pool.mu.Lock()
	defer w.pool.mu.Unlock()
	if j := w.current(); j != nil && j.number == number {
		return j
	}
	return nil
}

// takeAnswer ends the job whose turn it is, and sends the worker further ones
// first.
func (w *workerProcess) takeAnswer(f wire.Frame) error {
	p := w.pool
	ran, body, err := wire.ParseAnswer(f.Body)
	if err != nil {
		return err
	}
	file := -1
	if f.InMemory {
		if file, err = wire.ReceiveFile(w.line.files); err != nil {
			return err
		}
	}
	var failure error
	if f.Kind == wire.Failure {
		packed, err := wire.Decode[wire.Error](body)
		if err != nil {
			return err
		}
		failure = unpack(w.functionOf(f.Call), packed)
		if f.Call == 0 {
			w.startFailed(failure)
			return nil
		}
	}
	p.mu.Lock()
	j := w.current()
	if j == nil || j.number != f.Call {
		p.mu.Unlock()
		if file >= 0 {
			wire.CloseFile(file)
		}
		return fmt.Errorf("an answer to call %d, which it does not have", f.Call)
	}
	now := time.Now()
	w.pop()
	p.finish(j, ran)
	j.pace.add(ran)
	ending := j.ending
	if next := w.current(); next != nil {
		p.begin(next, now)
	}
	given := p.refill(w, now)
	w.nextReader()
	p.mu.Unlock()
	if given {
		w.flush()
	}
	switch {
	case ending != nil:
		if file >= 0 {
			wire.CloseFile(file)
		}
		p.fail(j, ending)
	case failure != nil:
		if j.timeout > 0 && ran >= j.timeout && errors.Is(failure, context.DeadlineExceeded) {
			failure = &aio.TimeoutError{After: j.timeout}
		}
		p.fail(j, failure)
	case file >= 0:
		go p.succeedLarge(j, file)
	case int64(len(body)) > p.options.PayloadLimit:
		p.fail(j, resultError(j, fmt.Errorf("a payload of %d bytes, of %d at most", len(body), p.options.PayloadLimit)))
	default:
		output := body
		if keepsBytes(j.invocation.function.out) {
			output = append([]byte{}, output...)
		}
		p.succeed(j, output)
	}
	return nil
}

// succeedLarge ends a job with a result in memory.
func (p *ProcessPool) succeedLarge(j *job, file int) {
	output, err := wire.Unseal(file, p.options.PayloadLimit)
	if err != nil {
		p.fail(j, resultError(j, err))
		return
	}
	p.succeed(j, output)
}

func resultError(j *job, err error) error {
	return fmt.Errorf("executor: the result of %s: %w", called(j.invocation.Function(), j.invocation.Label()), err)
}

func (w *workerProcess) functionOf(number uint64) string {
	if j := w.jobOf(number); j != nil {
		return j.invocation.Function()
	}
	if b := w.pool.options.Initializer; b != nil {
		return b.name
	}
	return ""
}

// log hands a line of the worker's log to the pool's logger.
func (w *workerProcess) log(number uint64, line wire.Line) {
	handler := w.pool.options.logger().Handler()
	level := slog.Level(line.Level)
	if !handler.Enabled(context.Background(), level) {
		return
	}
	at := time.Time{}
	if line.Nanoseconds != 0 {
		at = time.Unix(0, line.Nanoseconds)
	}
	record := slog.NewRecord(at, level, line.Message, 0)
	for _, a := range line.Attributes {
		record.AddAttrs(slog.Any(a.Key, a.Value))
	}
	if w.pool.options.Name != "" {
		record.AddAttrs(slog.String("pool", w.pool.options.Name))
	}
	record.AddAttrs(slog.Int("worker", w.process.PID))
	if j := w.jobOf(number); j != nil {
		record.AddAttrs(slog.String("function", j.invocation.Function()), slog.Uint64("call", number))
		if label := j.invocation.Label(); label != "" {
			record.AddAttrs(slog.String("label", label))
		}
	}
	_ = handler.Handle(context.Background(), record)
}
