//go:build unix && !aix

package aionet

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/goaio/aio"
)

// "pause_writing() ... is called when the transport's buffer goes over the high
// watermark; resume_writing() is called when the transport's buffer drains below
// the low watermark. pause_writing() is called strictly above, resume_writing()
// at or below; calls are paired, and pause_writing() is called once even if
// further writes increase the buffer."
func TestWriteBufferLimits(t *testing.T) {
	withTransport(t, func(ctx context.Context, r *recorder, peer *Conn) error {
		if high, low := r.transport.WriteBufferLimits(); high != 64<<10 || low != 16<<10 {
			return fmt.Errorf("the limits are %d and %d", high, low)
		}
		sent := fill(r.transport)
		r.transport.SetWriteBufferLimits(1000, 100)
		write := func(n int) { _, _ = r.transport.Write(make([]byte, n)); sent += n }
		write(1000 - r.transport.WriteBufferSize())
		if err := r.silent(ctx); err != nil {
			return err
		}
		write(1)
		write(1)
		write(5000)
		if err := r.expect(ctx, "pause"); err != nil {
			return err
		}
		if err := r.silent(ctx); err != nil {
			return err
		}
		if _, err := io.CopyN(io.Discard, peer, int64(sent)); err != nil {
			return err
		}
		if err := r.expect(ctx, "resume"); err != nil {
			return err
		}
		return r.silent(ctx)
	})
}

// fill writes until something is buffered, and returns how much it wrote.
func fill(t *Transport) (sent int) {
	piece := make([]byte, 500)
	for t.WriteBufferSize() == 0 {
		n, _ := t.Write(piece)
		sent += n
	}
	return sent
}

// "set_write_buffer_limits(): Setting high to zero forces low to zero as well,
// and causes pause_writing() to be called whenever the buffer becomes non-empty";
// a low above high is an error.
func TestWriteBufferLimitsOfZero(t *testing.T) {
	withTransport(t, func(ctx context.Context, r *recorder, peer *Conn) error {
		r.transport.SetWriteBufferLimits(0, 0)
		sent := fill(r.transport)
		if err := r.expect(ctx, "pause"); err != nil {
			return err
		}
		if _, err := io.CopyN(io.Discard, peer, int64(sent)); err != nil {
			return err
		}
		defer func() {
			if recover() == nil {
				t.Error("limits the wrong way round were taken")
			}
		}()
		defer r.transport.SetWriteBufferLimits(1, 2)
		return r.expect(ctx, "resume")
	})
}

// A Write in ResumeWriting may fill the buffer again, and the pair comes again.
func TestWriteInResumeWriting(t *testing.T) {
	run(t, func(ctx context.Context) error {
		p := &sourceProtocol{left: 20 << 20, done: aio.Event{}}
		transport, peer, err := transportPair(ctx, p)
		if err != nil {
			return err
		}
		defer peer.Close()
		n, err := io.Copy(io.Discard, peer)
		if err != nil || n != 20<<20 {
			return fmt.Errorf("%d bytes arrived, %v", n, err)
		}
		if err := p.done.Wait(ctx); err != nil {
			return err
		}
		if p.most > 2*highWater {
			return fmt.Errorf("%d bytes were buffered", p.most)
		}
		_ = transport
		return nil
	})
}

// sourceProtocol writes as much as it may.
type sourceProtocol struct {
	BaseProtocol
	t      *Transport
	left   int
	paused bool
	most   int
	done   aio.Event
}

func (p *sourceProtocol) ConnectionMade(t *Transport) { p.t = t; p.pump() }
func (p *sourceProtocol) PauseWriting()               { p.paused = true }
func (p *sourceProtocol) ResumeWriting()              { p.paused = false; p.pump() }
func (p *sourceProtocol) ConnectionLost(error)        { p.done.Set() }
func (p *sourceProtocol) pump() {
	for !p.paused && p.left > 0 {
		n := min(p.left, 10_000)
		_, _ = p.t.Write(make([]byte, n))
		p.left -= n
		p.most = max(p.most, p.t.WriteBufferSize())
	}
	if p.left == 0 {
		_ = p.t.Close()
	}
}

// "write_eof(): Close the write end of the transport after flushing all buffered
// data. Data may still be received."
func TestWriteEOF(t *testing.T) {
	withTransport(t, func(ctx context.Context, r *recorder, peer *Conn) error {
		sent := fill(r.transport)
		_ = r.transport.WriteEOF()
		if _, err := r.transport.Write([]byte("x")); err == nil {
			return errors.New("a write after WriteEOF was taken")
		}
		if n, err := io.Copy(io.Discard, peer); err != nil || n != int64(sent) {
			return fmt.Errorf("%d of %d bytes arrived, %v", n, sent, err)
		}
		if _, err := peer.Write([]byte("and you?")); err != nil {
			return err
		}
		return r.expect(ctx, "data and you?")
	})
}

// What is buffered in pieces arrives whole and in order.
func TestWritesKeepTheirOrder(t *testing.T) {
	withTransport(t, func(ctx context.Context, r *recorder, peer *Conn) error {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		random := rand.New(rand.NewPCG(seed, 0))
		sent, got := sha256.New(), sha256.New()
		for total := 0; total < 10<<20; {
			piece := bytes.Repeat([]byte{byte(random.Uint32())}, 1+random.IntN(100_000))
			n, err := r.transport.Write(piece)
			if err != nil || n != len(piece) {
				return fmt.Errorf("wrote %d of %d, %v", n, len(piece), err)
			}
			sent.Write(piece)
			total += n
			if random.IntN(2) == 0 {
				buffer := make([]byte, 70_000)
				n, err := peer.Read(buffer)
				if err != nil {
					return err
				}
				got.Write(buffer[:n])
			}
		}
		_ = r.transport.Close()
		if _, err := io.Copy(got, peer); err != nil {
			return err
		}
		if !bytes.Equal(sent.Sum(nil), got.Sum(nil)) {
			return errors.New("what arrived differs")
		}
		return nil
	})
}

// A protocol that does not heed PauseWriting, with a peer that does not read,
// loses the connection before it has the memory.
func TestWriteBufferIsBounded(t *testing.T) {
	withTransport(t, func(ctx context.Context, r *recorder, peer *Conn) error {
		var err error
		written := 0
		for piece := make([]byte, 1<<20); err == nil; written++ {
			if written > 100 {
				return errors.New("100 MB were taken")
			}
			_, err = r.transport.Write(piece)
		}
		if !errors.Is(err, ErrWriteBufferFull) {
			return err
		}
		return r.expect(ctx, "pause", fmt.Sprintf("lost %v", ErrWriteBufferFull))
	})
}
