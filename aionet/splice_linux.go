package aionet

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/goaio/aio/internal/driver"
)

// source is where a splice reads.
type source interface {
	begin() error
	end()
	// fill waits for bytes and moves some into a pipe, which is the caller's
	// then. At the end of the stream n is 0.
	fill(limit int) (pair pipePair, n int, err error)
	// giveBack takes bytes back that could not be passed on.
	giveBack(p []byte)
}

// sink is where a splice writes. drain moves n bytes out of the pipe and returns
// how many are left in it, 0 unless there is an error.
type sink interface {
	drain(pair pipePair, n int) (left int, err error)
}

// splice forwards up to limit bytes. handled is false when the system cannot
// splice these, or not now.
func splice(to sink, from source, limit int64) (moved int64, handled bool, err error) {
	if err := from.begin(); err != nil {
		return 0, true, err
	}
	defer from.end()
	var pause pause
	for moved < limit {
		n, err := splicePiece(to, from, int(min(limit-moved, copyPiece)))
		moved += int64(n)
		if err == errCannotSplice {
			return moved, false, nil
		}
		if n == 0 || err != nil {
			return moved, true, err
		}
		if err := pause.after(int64(n)); err != nil {
			return moved, true, err
		}
	}
	return moved, true, nil
}

// errCannotSplice says that the descriptors are of a kind that cannot, or that
// there are no more pipes.
const errCannotSplice = unix.ENOSYS

// errNothingSpliced stands for what the kernel calls a success: nothing came out
// of a pipe with bytes in it, because a page of a file was cut off meanwhile.
const errNothingSpliced = unix.EIO

// splicePiece forwards something, and nothing only at the end of the stream.
func splicePiece(to sink, from source, limit int) (moved int, err error) {
	pair, n, err := from.fill(limit)
	if n == 0 || err != nil {
		return 0, err
	}
	left := n
	defer func() {
		if left > 0 { // after an error, or unwound
			from.giveBack(pair.rest(left))
		}
		pipePairs.put(pair, left == 0)
	}()
	left, err = to.drain(pair, n)
	return n - left, err
}

// rest reads what has remained in the pipe.
func (p pipePair) rest(n int) []byte {
	rest := make([]byte, n)
	for read := 0; read < n; {
		m, err := driver.Read(p.read, rest[read:])
		if m == 0 || err != nil {
			return rest[:read]
		}
		read += m
	}
	return rest
}

// attempt splices from a descriptor into a pipe of its own, which it gives back
// if nothing came.
func attempt(fd, limit int) (pair pipePair, n int, err error) {
	if pair, err = pipePairs.take(); err != nil {
		return pair, 0, errCannotSplice
	}
	n, err = driver.Splice(fd, pair.write, limit)
	if n == 0 || err != nil {
		pipePairs.put(pair, true)
	}
	if err == unix.EINVAL {
		err = errCannotSplice
	}
	return pair, n, err
}

type ownSource struct{ *Conn }

func (s ownSource) begin() error {
	if err := s.Conn.begin(innermost, reading); err != nil {
		return s.wrap("read", err)
	}
	return nil
}

func (s ownSource) end() { s.Conn.end(reading) }

func (s ownSource) fill(limit int) (pair pipePair, n int, err error) {
	for {
		if err := s.awaitReadable(); err != nil {
			return pair, 0, s.wrap("read", err)
		}
		if pair, n, err = s.refill(limit); n > 0 || err != nil {
			return pair, n, err
		}
		s.in.news.Store(false)
		pair, n, err = attempt(s.fd, limit)
		if err == unix.EAGAIN {
			continue
		}
		s.in.news.Store(true)
		if err != nil && err != errCannotSplice {
			err = s.wrap("read", err)
		}
		return pair, n, err
	}
}

// refill moves what was given back into a pipe.
func (s ownSource) refill(limit int) (pair pipePair, n int, err error) {
	r := s.rare.Load()
	if r == nil || len(r.givenBack) == 0 {
		return pair, 0, nil
	}
	if pair, err = pipePairs.take(); err != nil {
		return pair, 0, errCannotSplice
	}
	n, err = driver.Write(pair.write, r.givenBack[:min(len(r.givenBack), limit)])
	if n == 0 {
		pipePairs.put(pair, true)
		return pair, 0, err
	}
	r.givenBack = r.givenBack[n:]
	return pair, n, nil
}

type ownSink struct{ *Conn }

func (s ownSink) drain(pair pipePair, left int) (int, error) {
	if err := s.begin(innermost, writing); err != nil {
		return left, s.wrap("write", err)
	}
	defer s.end(writing)
	if s.expired(writing) {
		return left, s.wrap("write", os.ErrDeadlineExceeded)
	}
	for left > 0 {
		s.out.news.Store(false)
		n, err := driver.Splice(pair.read, s.fd, left)
		left -= n
		switch {
		case n > 0:
			continue
		case err == nil:
			return left, s.wrap("write", errNothingSpliced)
		case err == unix.EINVAL:
			return left, errCannotSplice
		case err != unix.EAGAIN:
			return left, s.wrap("write", err)
		}
		if err := s.await(innermost, writing); err != nil {
			return left, s.wrap("write", err)
		}
	}
	return 0, nil
}

// foreignSource and foreignSink are connections of package net. They are used
// in plain goroutines only.
type foreignSource struct{ raw syscall.RawConn }

func (foreignSource) begin() error    { return nil }
func (foreignSource) end()            {}
func (foreignSource) giveBack([]byte) {}

func (s foreignSource) fill(limit int) (pair pipePair, n int, err error) {
	readErr := s.raw.Read(func(fd uintptr) bool {
		pair, n, err = attempt(int(fd), limit)
		return err != unix.EAGAIN
	})
	if readErr != nil {
		return pair, 0, readErr
	}
	if err != nil && err != errCannotSplice {
		err = os.NewSyscallError("splice", err)
	}
	return pair, n, err
}

type foreignSink struct{ raw syscall.RawConn }

func (s foreignSink) drain(pair pipePair, left int) (int, error) {
	var err error
	writeErr := s.raw.Write(func(fd uintptr) bool {
		for left > 0 {
			var n int
			n, err = driver.Splice(pair.read, int(fd), left)
			left -= n
			if n == 0 && err == nil {
				err = errNothingSpliced
			}
			if err != nil {
				return err != unix.EAGAIN
			}
		}
		return true
	})
	if writeErr != nil {
		return left, writeErr
	}
	if err != nil {
		err = os.NewSyscallError("splice", err)
	}
	return left, err
}
