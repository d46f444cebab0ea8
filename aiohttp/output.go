//go:build unix && !aix

package aiohttp

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/goaio/aio/aionet"
)

// output is what a connection has to send and has not handed to the system, so
// that the answers to pipelined requests, or a head and its body, are one system
// call. What is more than its own memory takes borrows some.
type output struct {
	conn     io.Writer
	borrowed *aionet.Buffer
	memory   []byte // own, borrowed, or a larger one for a large head
	err      error  // what the connection said, for good
	own      []byte // empty, with a capacity; nil for none
}

func (o *output) open() {
	if o.memory != nil {
		return
	}
	if o.memory = o.own; o.memory == nil {
		o.borrowed = aionet.Borrow()
		o.memory = o.borrowed[:0]
	}
}

// flush sends everything.
func (o *output) flush() error {
	if o.err == nil && len(o.memory) > 0 {
		_, o.err = o.conn.Write(o.memory)
	}
	o.discard()
	return o.err
}

// discard forgets what has not been sent.
func (o *output) discard() {
	if o.borrowed != nil {
		o.borrowed.Return()
		o.borrowed = nil
	}
	o.memory = nil
}

// room makes room for n bytes more, if a borrowed buffer has it.
func (o *output) room(n int) {
	o.open()
	if need := len(o.memory) + n; need > cap(o.memory) && o.borrowed == nil && need <= len(aionet.Buffer{}) {
		o.borrowed = aionet.Borrow()
		o.memory = append(o.borrowed[:0], o.memory...)
	}
}

// Below this nothing is sent before it must be.
const lowOutput = 8 << 10

// write adds p; a large one is not copied but sent, with what is before it.
func (o *output) write(p []byte) error {
	o.room(len(p))
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

// text adds what is no part of a body. That has its bounds, so it is kept.
func (o *output) text(s string) {
	o.room(len(s))
	o.memory = append(o.memory, s...)
}

func (o *output) bytes(p []byte) { _ = o.write(p) }

// hex begins a chunk.
func (o *output) hex(n int) {
	var line [18]byte
	o.bytes(append(strconv.AppendInt(line[:0], int64(n), 16), "\r\n"...))
}

func (o *output) statusLine(recent bool, status int) {
	if recent && status == http.StatusOK {
		o.text("HTTP/1.1 200 OK\r\n")
		return
	}
	version := "HTTP/1.0 "
	if recent {
		version = "HTTP/1.1 "
	}
	text := http.StatusText(status)
	if text == "" {
		text = "status code " + strconv.Itoa(status)
	}
	o.text(version + strconv.Itoa(status) + " " + text + "\r\n")
}

// header adds the fields that send wants, in the order of their names.
func (o *output) header(header http.Header, send func(key string) bool) {
	var few [16]field
	fields := few[:0]
	for key, values := range header {
		if send(key) {
			fields = append(fields, field{key, values})
		}
	}
	o.fields(fields)
}

// fields adds fields, in the order of their names.
func (o *output) fields(fields []field) {
	if len(fields) > 1 {
		slices.SortFunc(fields, func(a, b field) int { return strings.Compare(a.key, b.key) })
	}
	for _, f := range fields {
		if !validName(f.key) {
			continue
		}
		for _, value := range f.values {
			o.field(f.key, value)
		}
	}
}

// field is a field of a header, with all its values.
type field struct {
	key    string
	values []string
}

func validName(key string) bool {
	for i := range len(key) {
		if !token[key[i]] {
			return false
		}
	}
	return key != ""
}

// field adds a field. A line end in a value would begin another field, so it
// becomes a space.
func (o *output) field(key, value string) {
	if strings.IndexByte(value, '\n') >= 0 || strings.IndexByte(value, '\r') >= 0 {
		value = lineEnds.Replace(value)
	}
	value = trim(value)
	o.room(len(key) + len(value) + 4)
	b := append(append(o.memory, key...), ": "...)
	o.memory = append(append(b, value...), "\r\n"...)
}

var lineEnds = strings.NewReplacer("\n", " ", "\r", " ")
