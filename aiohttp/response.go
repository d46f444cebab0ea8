//go:build unix && !aix

package aiohttp

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"unsafe"
)

// A body of no more than this is kept until the handler has returned, so that
// its length is known: net/http's figure.
const beforeChunking = 2048

// response is the http.ResponseWriter of one request. It behaves as net/http's.
type response struct {
	exchange *exchange
	header   http.Header
	sent     http.Header // what header was when WriteHeader was called, if the handler went on
	kept     []byte      // the body, as long as the head has not been sent
	status   int
	declared int64 // the handler's Content-Length, or -1
	written  int64
	state    responseState
}

// responseState is how far a response has come, as a set of bits.
type responseState uint8

const (
	headWritten responseState = 1 << iota // WriteHeader was called
	headSent                              // it is in the output
	chunking
	closeAfter // the connection ends with this response
	returned   // the handler has
	fullDuplex
	hijacked
	timed // the handler has set a deadline
)

// errReturned is for goroutines that a handler has left behind.
var errReturned = errors.New("aiohttp: the handler has returned, and with it the response is complete")

func (w *response) is(s responseState) bool { return w.state&s != 0 }

// Header returns the header that WriteHeader will send, and after that the
// trailers.
func (w *response) Header() http.Header {
	if w.header == nil {
		w.header = make(http.Header, 4)
	}
	if w.is(headWritten) && !w.is(headSent) && w.sent == nil {
		w.sent = w.header.Clone() // what the handler changes now is not sent
	}
	return w.header
}

// WriteHeader sets the status. One of 100 to 199 but 101 is sent at once, and
// the real one follows.
func (w *response) WriteHeader(status int) {
	if w.is(hijacked) {
		w.exchange.logf("aiohttp: WriteHeader on a hijacked connection")
		return
	}
	if w.is(headWritten) {
		w.exchange.logf("aiohttp: superfluous WriteHeader(%d) for %s", status, w.exchange.head.request.URL.Path)
		return
	}
	if status < 100 || status > 999 {
		panic("aiohttp: invalid status " + strconv.Itoa(status))
	}
	if status >= 100 && status <= 199 && status != http.StatusSwitchingProtocols {
		w.inform(status)
		return
	}
	w.state |= headWritten
	w.status = status
	w.declared = -1
	if lengths := w.header["Content-Length"]; len(lengths) > 0 {
		n, err := strconv.ParseInt(lengths[0], 10, 64)
		if err == nil && n >= 0 {
			w.declared = n
		} else {
			w.exchange.logf("aiohttp: invalid Content-Length of %q", lengths[0])
			w.header.Del("Content-Length")
		}
	}
}

// inform sends an informational response, unless the handler has panicked.
func (w *response) inform(status int) {
	x := w.exchange
	if !x.head.request.ProtoAtLeast(1, 1) || w.is(returned) {
		return
	}
	if status == http.StatusContinue && x.body != nil {
		x.body.state.Or(proceeded)
	}
	x.work.pipeline.begin()
	h := headingOf(w.header, nil)
	h.drop("Content-Length")
	x.work.out.statusLine(true, status)
	x.work.out.fields(h.fields)
	x.work.out.text("\r\n")
	_ = x.work.out.flush()
}

func bodyAllowed(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}

// Write writes a part of the body.
func (w *response) Write(p []byte) (int, error) {
	switch {
	case w.is(hijacked):
		return 0, http.ErrHijacked
	case w.is(returned):
		return 0, errReturned
	case !w.is(headWritten):
		w.WriteHeader(http.StatusOK)
	}
	if len(p) == 0 {
		return 0, nil
	}
	if !bodyAllowed(w.status) {
		return 0, http.ErrBodyNotAllowed
	}
	w.written += int64(len(p))
	if w.declared >= 0 && w.written > w.declared {
		return 0, http.ErrContentLength
	}
	if !w.is(headSent) && len(w.kept)+len(p) <= beforeChunking {
		w.keep(p)
		return len(p), nil
	}
	if err := w.release(p); err != nil {
		return 0, err
	}
	if err := w.emit(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// WriteString is Write without a copy.
func (w *response) WriteString(s string) (int, error) {
	return w.Write(unsafe.Slice(unsafe.StringData(s), len(s)))
}

func (w *response) keep(p []byte) {
	if w.kept == nil {
		w.kept = w.exchange.work.scratch[:0]
	}
	w.kept = append(w.kept, p...)
}

// release sends the head and what was kept. next is what follows at once.
func (w *response) release(next []byte) error {
	if w.is(headSent) {
		return nil
	}
	kept := w.kept
	w.kept = nil
	if len(kept) > 0 {
		next = kept
	}
	w.sendHead(next)
	return w.emit(kept)
}

// emit puts a part of the body into the output.
func (w *response) emit(p []byte) error {
	out := &w.exchange.work.out
	if len(p) == 0 || w.exchange.head.request.Method == http.MethodHead {
		return nil
	}
	if !w.is(chunking) {
		return out.write(p)
	}
	out.hex(len(p))
	if err := out.write(p); err != nil {
		return err
	}
	out.text("\r\n")
	return nil
}

// FlushError sends what was written so far.
func (w *response) FlushError() error {
	if w.is(hijacked) {
		return http.ErrHijacked
	}
	if w.is(returned) {
		return errReturned
	}
	if !w.is(headWritten) {
		w.WriteHeader(http.StatusOK)
	}
	if err := w.release(nil); err != nil {
		return err
	}
	return w.exchange.work.out.flush()
}

// Flush is FlushError for [http.Flusher].
func (w *response) Flush() { _ = w.FlushError() }

// EnableFullDuplex is for [http.ResponseController]: the handler reads the
// request's body after it has begun to answer.
func (w *response) EnableFullDuplex() error {
	w.state |= fullDuplex
	return nil
}

// end completes the response after the handler, and reports whether the
// connection can go on.
func (w *response) end() bool {
	w.state |= returned
	if !w.is(headWritten) {
		w.WriteHeader(http.StatusOK)
	}
	if w.release(nil) != nil {
		return false
	}
	if w.is(chunking) && w.exchange.head.request.Method != http.MethodHead {
		w.exchange.work.out.text("0\r\n")
		w.trailers()
		w.exchange.work.out.text("\r\n")
	}
	short := w.declared >= 0 && w.written != w.declared && bodyAllowed(w.status) && w.exchange.head.request.Method != http.MethodHead
	return !short && !w.is(closeAfter) && w.exchange.work.out.err == nil
}

// trailers sends the trailers that the handler announced, or named with
// [http.TrailerPrefix].
func (w *response) trailers() {
	var final []field
	add := func(key string, values []string) {
		if forbiddenTrailer(key) {
			return
		}
		if i := slices.IndexFunc(final, func(f field) bool { return f.key == key }); i >= 0 {
			final[i].values = values
			return
		}
		final = append(final, field{key, values})
	}
	for key, values := range w.header {
		if name, is := cutPrefix(key, http.TrailerPrefix); is {
			add(name, values)
		}
	}
	for _, key := range w.announced() {
		if values := w.header[key]; len(values) > 0 {
			add(key, values)
		}
	}
	w.exchange.work.out.fields(final)
}

// announced are the trailers that the Trailer header has named.
func (w *response) announced() []string {
	header := w.header
	if w.sent != nil {
		header = w.sent
	}
	var keys []string
	for _, list := range header["Trailer"] {
		for _, name := range splitList(list) {
			if key := http.CanonicalHeaderKey(name); !forbiddenTrailer(key) && !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	return keys
}
