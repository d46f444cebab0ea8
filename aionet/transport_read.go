//go:build unix && !aix

package aionet

import (
	"errors"

	"golang.org/x/sys/unix"

	"github.com/goaio/aio/loop"
)

// reads reports whether the protocol wants data.
func (t *Transport) reads() bool {
	return t.is&(transportPaused|transportEnded|transportClosing|transportLost|transportUpgrading) == 0
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
	n, err := t.receive(buffer)
	switch {
	case err == unix.EAGAIN:
	case err != nil:
		_ = t.broken("read", err)
	case n == 0:
		t.readEnd()
	default:
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

// receive reads at once: EAGAIN when nothing is there, 0 and no error at the end
// of the stream. The transport then has news left if a next read may find some.
func (t *Transport) receive(p []byte) (int, error) {
	if t.secure != nil {
		return t.decrypt(p)
	}
	n, more, err := t.receiveBytes(p)
	if !more {
		t.is &^= transportNews
		t.queue.loop.Rearm(t.fd, t, loop.Readable)
	}
	return n, err
}

// receiveBytes reads what has come, and reports whether there may be more. A
// short read has emptied the socket: the next one waits for news, which is a
// system call less for each message.
func (t *Transport) receiveBytes(p []byte) (n int, more bool, err error) {
	if t.rare != nil && len(t.rare.given) > 0 {
		n = copy(p, t.rare.given)
		t.rare.given = t.rare.given[n:]
		return n, true, nil
	}
	n, err = t.network.read(t.fd, p)
	return n, err != unix.EAGAIN && (n == 0 || n == len(p) || t.is&transportHungUp != 0), err
}

func (t *Transport) readEnd() {
	t.is |= transportEnded
	if !t.protocol.EOFReceived() {
		_ = t.Close()
	}
}
