//go:build unix && !aix

package aionet

import (
	"errors"

	"golang.org/x/sys/unix"

	"github.com/goaio/aio/internal/driver"
	"github.com/goaio/aio/loop"
)

// reads reports whether the protocol wants data.
func (t *Transport) reads() bool {
	return t.is&(transportPaused|transportEnded|transportClosing|transportLost) == 0
}

// PauseReading has the protocol receive nothing until ResumeReading, and the
// peer held up when the system's buffers are full. A second call does nothing.
func (t *Transport) PauseReading() { t.is |= transportPaused }

// ResumeReading undoes PauseReading. A second call does nothing.
func (t *Transport) ResumeReading() {
	if t.is&transportPaused == 0 {
		return
	}
	t.is &^= transportPaused
	if t.is&transportNews != 0 && t.reads() {
		t.queue.push(t)
	}
}

// mute is PauseReading while a request of the connection is being handled.
func (t *Transport) mute() {
	t.is |= transportMuted
	t.PauseReading()
}

func (t *Transport) unmute() {
	if t.is&transportMuted != 0 {
		t.is = t.is&^transportMuted | transportTouched
		t.ResumeReading()
	}
}

// IsReading reports whether the protocol receives data: the transport is neither
// paused nor closing.
func (t *Transport) IsReading() bool {
	return t.is&(transportPaused|transportClosing|transportLost) == 0
}

var errEmptyBuffer = errors.New("aionet: GetBuffer returned an empty buffer")

// read reads once. If there may be more the transport queues behind the others.
func (t *Transport) read() {
	buffer := t.queue.buffer
	if t.buffered != nil {
		if buffer = t.buffered.GetBuffer(-1); len(buffer) == 0 {
			t.failed(errEmptyBuffer)
			return
		}
	}
	n, err := driver.Read(t.fd, buffer)
	switch {
	case err == unix.EAGAIN:
		t.awaitNews()
	case err != nil:
		_ = t.broken("read", err)
	case n == 0:
		t.readEnd()
	default:
		// A short read has emptied the socket: the next one waits for news, which
		// is a system call less for each message.
		if n < len(buffer) && t.is&transportHungUp == 0 {
			t.awaitNews()
		}
		if t.buffered != nil {
			t.buffered.BufferUpdated(n)
		} else {
			t.protocol.DataReceived(buffer[:n])
		}
		if t.is&transportNews != 0 && t.reads() {
			t.queue.push(t)
		}
	}
}

func (t *Transport) awaitNews() {
	t.is &^= transportNews
	t.queue.loop.Rearm(t.fd, t, loop.Readable)
}

func (t *Transport) readEnd() {
	t.is |= transportEnded
	if !t.protocol.EOFReceived() {
		_ = t.Close()
	}
}
