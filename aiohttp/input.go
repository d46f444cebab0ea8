//go:build unix && !aix

package aiohttp

import (
	"io"
	"net/http"

	"github.com/goaio/aio/aionet"
)

// input is what a connection has received and nobody has read. Without memory of
// its own it borrows some for as long as it is open.
type input struct {
	conn     io.Reader
	own      []byte // nil for none
	borrowed *aionet.Buffer
	memory   []byte // own, borrowed, or a larger one for a large head
	from, to int    // the unread part of it
}

func (in *input) open() {
	if in.memory != nil {
		return
	}
	if in.memory = in.own; in.memory == nil {
		in.borrowed = aionet.Borrow()
		in.memory = in.borrowed[:]
	}
}

// close gives the memory back. What is unread is lost.
func (in *input) close() {
	if in.borrowed != nil {
		in.borrowed.Return()
	}
	in.borrowed, in.memory = nil, nil
	in.from, in.to = 0, 0
}

func (in *input) unread() []byte { return in.memory[in.from:in.to] }

// more reads once, behind what is unread. It makes room for it, up to limit
// bytes of unread ones.
func (in *input) more(limit int) error {
	if in.from == in.to {
		in.from, in.to = 0, 0
	}
	if in.to == len(in.memory) {
		switch {
		case in.from > 0:
			in.to = copy(in.memory, in.unread())
			in.from = 0
		case in.to >= limit:
			return errHeadTooLarge
		default:
			larger := make([]byte, min(2*len(in.memory), limit))
			copy(larger, in.memory)
			in.memory = larger
		}
	}
	n, err := in.conn.Read(in.memory[in.to:])
	in.to += n
	if n > 0 {
		return nil
	}
	return err
}

// Read takes unread bytes first. Without any, large reads go past the memory.
func (in *input) Read(p []byte) (int, error) {
	if in.from == in.to {
		if len(p) >= len(in.memory)/2 {
			return in.conn.Read(p)
		}
		if err := in.more(len(in.memory)); err != nil {
			return 0, err
		}
	}
	n := copy(p, in.unread())
	in.from += n
	return n, nil
}

// ReadByte is for the lines between chunks.
func (in *input) ReadByte() (byte, error) {
	for in.from == in.to {
		if err := in.more(len(in.memory)); err != nil {
			return 0, err
		}
	}
	b := in.memory[in.from]
	in.from++
	return b, nil
}

var errHeadTooLarge = &badRequest{http.StatusRequestHeaderFieldsTooLarge, "the request's head is too large"}
