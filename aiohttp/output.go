//go:build unix && !aix

package aiohttp

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/goaio/aio/aionet"
)

// output is what a connection has to send and has not handed to the system, so
// that the answers to pipelined requests, or a head and its body, are one system
// call. It borrows its memory while there is something in it.
type output struct {
	conn     io.Writer
	borrowed *aionet.Buffer
	memory   []byte
	err      error // what the connection said, for good
}

func (o *output) open() {
	if o.borrowed == nil {
		o.borrowed = aionet.Borrow()
		o.memory = o.borrowed[:0]
	}
}

// flush sends everything.
func (o *output) flush() error {
	if o.borrowed == nil {
		return o.err
	}
	if o.err == nil && len(o.memory) > 0 {
		_, o.err = o.conn.Write(o.memory)
	}
	o.borrowed.Return()
	o.borrowed, o.memory = nil, nil
	return o.err
}

// Below this nothing is sent before it must be.
const lowOutput = 8 << 10

// write adds p; a large one is not copied but sent, with what is before it.
func (o *output) write(p []byte) error {
	o.open()
	if len(o.memory)+len(p) <= cap(o.memory) {
		o.memory = append(o.memory, p...)
		return o.err
	}
	if len(p) < lowOutput {
		free := cap(o.memory) - len(o.memory)
		o.memory = append(o.memory, p[:free]...)
		if err := o.flush(); err != nil {
			return err
		}
		return o.write(p[free:])
	}
	if err := o.flush(); err != nil {
		return err
	}
	_, o.err = o.conn.Write(p)
	return o.err
}

func (o *output) text(s string) {
	o.open()
	if len(o.memory)+len(s) > cap(o.memory) {
		_ = o.write([]byte(s))
		return
	}
	o.memory = append(o.memory, s...)
}

func (o *output) bytes(p []byte) { _ = o.write(p) }

// hex begins a chunk.
func (o *output) hex(n int) {
	var line [18]byte
	o.bytes(append(strconv.AppendInt(line[:0], int64(n), 16), "\r\n"...))
}

func (o *output) statusLine(r *http.Request, status int) {
	if r.ProtoAtLeast(1, 1) {
		if status == http.StatusOK {
			o.text("HTTP/1.1 200 OK\r\n")
			return
		}
		o.text("HTTP/1.1 ")
	} else {
		o.text("HTTP/1.0 ")
	}
	o.text(strconv.Itoa(status))
	o.text(" ")
	if text := http.StatusText(status); text != "" {
		o.text(text)
	} else {
		o.text("status code " + strconv.Itoa(status))
	}
	o.text("\r\n")
}

// header adds the fields that send wants, in the order of their names.
func (o *output) header(header http.Header, send func(key string) bool) {
	var few [16]string
	keys := few[:0]
	for key := range header {
		if send(key) && httpguts.ValidHeaderFieldName(key) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		for _, value := range header[key] {
			o.field(key, value)
		}
	}
}

// field adds a field. A line end in a value would begin another field, so it
// becomes a space.
func (o *output) field(key, value string) {
	if strings.ContainsAny(value, "\r\n") {
		value = lineEnds.Replace(value)
	}
	o.text(key)
	o.text(": ")
	o.text(trim(value))
	o.text("\r\n")
}

var lineEnds = strings.NewReplacer("\n", " ", "\r", " ")

// dated is a Date header's value with the second that it is of.
type dated struct {
	second int64
	text   []byte
}

var lastDate atomic.Pointer[dated]

// date returns the value of a Date header, made once a second.
func date() []byte {
	now := time.Now()
	d := lastDate.Load()
	if d == nil || d.second != now.Unix() {
		d = &dated{now.Unix(), now.UTC().AppendFormat(nil, http.TimeFormat)}
		lastDate.Store(d)
	}
	return d.text
}
