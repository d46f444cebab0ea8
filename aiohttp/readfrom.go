//go:build unix && !aix

package aiohttp

import (
	"io"
	"math"
	"net/http"
	"syscall"

	"github.com/goaio/aio/aionet"
)

const (
	// This much is looked at to name the kind of a body: net/http's figure.
	sniffed = 512
	// Less is quicker copied behind the head than sent by a system call of its
	// own.
	worthSending = 16 << 10
)

// ReadFrom writes what src has: [io.Copy], and so [http.ServeContent] and
// [http.FileServer], call it. A regular file goes to a plain connection by
// sendfile on Linux, if it is no part of a chunked body. See [aionet.Conn.ReadFrom].
func (w *response) ReadFrom(src io.Reader) (n int64, err error) {
	if w.is(returned) {
		return 0, errReturned
	}
	conn, plain := w.connection().(io.ReaderFrom)
	if !plain || !isFile(src) {
		return w.copyFrom(src)
	}
	if !w.is(headSent) {
		// Nothing is sent before there is something.
		n, err = w.copyFrom(io.LimitReader(src, sniffed))
		if err != nil || n < sniffed {
			return n, err
		}
	}
	left := int64(math.MaxInt64)
	if w.is(headWritten) && w.declared >= 0 {
		left = w.declared - w.written
	}
	if w.exchange.head.request.Method == http.MethodHead || !bodyAllowed(w.status) || left < worthSending {
		m, err := w.copyFrom(src)
		return n + m, err
	}
	if err := w.release(nil); err != nil {
		return n, err
	}
	if w.is(chunking) {
		m, err := w.copyFrom(src)
		return n + m, err
	}
	out := &w.exchange.work.out
	if err := out.flush(); err != nil {
		return n, err
	}
	m, err := sendFrom(conn, src, left)
	w.written += m
	n += m
	if out.err = err; err != nil || m < left {
		return n, err
	}
	// What is beyond the declared length is an error, as it is of Write.
	m, err = w.copyFrom(src)
	return n + m, err
}

// connection is the connection, nil when it is no more the response's.
func (w *response) connection() stream {
	if w.is(hijacked) {
		return nil
	}
	return w.exchange.connection.conn
}

// sendFrom has the connection read up to left bytes from src, of which it knows
// one with a limit.
func sendFrom(conn io.ReaderFrom, src io.Reader, left int64) (int64, error) {
	limited, is := src.(*io.LimitedReader)
	if !is {
		return conn.ReadFrom(io.LimitReader(src, left))
	}
	mine := &io.LimitedReader{R: limited.R, N: min(limited.N, left)}
	n, err := conn.ReadFrom(mine)
	limited.N -= n
	return n, err
}

// isFile reports whether the system can read src, with or without a limit.
func isFile(src io.Reader) bool {
	if limited, is := src.(*io.LimitedReader); is {
		src = limited.R
	}
	_, is := src.(syscall.Conn)
	return is
}

// copyFrom is ReadFrom through a buffer.
func (w *response) copyFrom(src io.Reader) (int64, error) {
	buffer := aionet.Borrow()
	defer buffer.Return()
	return io.CopyBuffer(onlyWriter{w}, onlyReader{src}, buffer[:])
}

// onlyWriter and onlyReader hide what io.CopyBuffer would call instead.
type (
	onlyWriter struct{ io.Writer }
	onlyReader struct{ io.Reader }
)
