//go:build unix && !aix

package aionet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// "pause_reading(): ... No data will be passed to the protocol's data_received()
// method until resume_reading() is called"; both are idempotent.
func TestPauseReading(t *testing.T) {
	withTransport(t, func(ctx context.Context, r *recorder, peer *Conn) error {
		r.transport.PauseReading()
		r.transport.PauseReading()
		if r.transport.IsReading() {
			return errors.New("it says that it reads")
		}
		for range 2 {
			if _, err := peer.Write([]byte("x")); err != nil {
				return err
			}
		}
		if err := r.silent(ctx); err != nil {
			return err
		}
		r.transport.ResumeReading()
		r.transport.ResumeReading()
		if err := r.expect(ctx, "data xx"); err != nil {
			return err
		}
		// Paused before anything has come, and by the callback itself.
		r.onData = func([]byte) { r.transport.PauseReading() }
		if _, err := peer.Write(make([]byte, transportBuffer+1)); err != nil {
			return err
		}
		if _, err := r.events.Get(ctx); err != nil {
			return err
		}
		return r.silent(ctx)
	})
}

// A peer that is held up by PauseReading cannot send without end.
func TestPauseReadingHoldsThePeerUp(t *testing.T) {
	withTransport(t, func(ctx context.Context, r *recorder, peer *Conn) error {
		r.transport.PauseReading()
		sender := newRecorder()
		transport, err := StartProtocol(ctx, peer, sender)
		if err != nil {
			return err
		}
		defer transport.Abort()
		if _, err := transport.Write(make([]byte, 64<<20)); err != nil {
			return err
		}
		return sender.expect(ctx, "made", "pause")
	})
}

// "get_buffer(sizehint): ... The return value must be an object that implements
// the buffer protocol. It is an error to return a buffer with a zero size."
func TestEmptyGetBuffer(t *testing.T) {
	run(t, func(ctx context.Context) error {
		r := newRecorder()
		_, peer, err := transportPair(ctx, emptyBuffer{r})
		if err != nil {
			return err
		}
		defer peer.Close()
		if _, err := peer.Write([]byte("x")); err != nil {
			return err
		}
		return r.expect(ctx, "made", fmt.Sprintf("lost %v", errEmptyBuffer))
	}, aio.ExceptionHandler(func(*loop.Loop, loop.Exception) {}))
}

type emptyBuffer struct{ *recorder }

func (emptyBuffer) GetBuffer(int) []byte { return nil }
func (emptyBuffer) BufferUpdated(int)    {}

// A message costs the two system calls and no memory.
func TestTransportMessageAllocatesNothing(t *testing.T) {
	t.Setenv("AIO_DEBUG", "") // debug mode allocates for what it keeps
	run(t, func(ctx context.Context) error {
		if driver := loop.Current().Driver(); driver != "epoll" && driver != "kqueue" {
			t.Skipf("the %s driver allocates for each change of what it watches", driver)
		}
		_, peer, err := transportPair(ctx, &echoProtocol{})
		if err != nil {
			return err
		}
		defer peer.Close()
		message, answer := bytes.Repeat([]byte("x"), 64), make([]byte, 64)
		roundTrip := func() {
			if _, err = peer.Write(message); err == nil {
				_, err = peer.Read(answer)
			}
		}
		for range 100 {
			roundTrip()
		}
		// The peer's own task waits, and that allocates nothing either.
		if n := testing.AllocsPerRun(1000, roundTrip); n >= 1 {
			return fmt.Errorf("%v allocations a message", n)
		}
		return err
	})
}
