//go:build unix && !aix

package aiohttp

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"
)

// chunks reads a chunked body (RFC 9112, section 7.1). Extensions are passed
// over; that they are long is an attack. So is a body of very many small
// chunks with them, which net/http counts against the bytes received.
type chunks struct {
	left    int64 // of the current chunk
	begun   bool  // a chunk was read, whose CR LF is to come
	excess  int64 // framing bytes beyond what a frugal sender needs
	trailer func(http.Header)
	folds   bool // fields of the trailer may be folded, as RFC 9112 has it for responses
}

const (
	maxChunkLine = 4096 // its end included
	maxTrailer   = 4096
	// A chunk's line of 16 bytes counts as normal, and twice its data may be
	// added; what is beyond that may be this much in all.
	maxExcess = 16 << 10
)

var (
	// The texts are net/http's, for handlers show them.
	errChunk     = errors.New("malformed chunked encoding")
	errChunkByte = errors.New("invalid byte in chunk length")
	errChunkSize = errors.New("http chunk length too large")
	errBareLF    = errors.New("chunked line ends with bare LF")
	errChunkLine = errors.New("header line too long")
)

func (c *chunks) read(in *input, p []byte) (int, error) {
	if c.left == 0 {
		if err := c.next(in); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return 0, err
		}
		if c.left == 0 {
			return 0, c.end(in)
		}
	}
	if int64(len(p)) > c.left {
		p = p[:c.left]
	}
	n, err := in.Read(p)
	c.left -= int64(n)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// next reads up to the data of the next chunk.
func (c *chunks) next(in *input) error {
	if c.begun {
		// No more than these two bytes are waited for: what else stands here is an
		// error, and nothing may follow it.
		for _, want := range [...]byte{'\r', '\n'} {
			b, err := in.ReadByte()
			if err != nil {
				return err
			}
			if b != want {
				return errChunk
			}
		}
	}
	c.begun = true
	line, err := chunkLine(in)
	if err != nil {
		return err
	}
	c.excess += int64(len(line)) + 2
	// White space may stand at the end, but not before an extension: net/http's rule.
	size, _, _ := bytes.Cut(bytes.TrimRight(line, " \t"), []byte{';'})
	n, err := chunkSize(size)
	if err != nil {
		return err
	}
	c.left = n
	c.excess = max(0, c.excess-16-2*n)
	if c.excess > maxExcess && n > 0 {
		return errors.New("aiohttp: chunked encoding has too much framing for its data")
	}
	return nil
}

func chunkSize(digits []byte) (int64, error) {
	switch {
	case len(digits) == 0:
		return 0, errors.New("empty hex number for chunk length")
	case len(digits) > 16:
		return 0, errChunkSize
	}
	for _, d := range digits {
		if !('0' <= d && d <= '9' || 'a' <= d && d <= 'f' || 'A' <= d && d <= 'F') {
			return 0, errChunkByte
		}
	}
	n, err := strconv.ParseInt(string(digits), 16, 64)
	if err != nil {
		return 0, errChunkSize
	}
	return n, nil
}

// chunkLine reads a line that ends with CR LF, and nothing else.
func chunkLine(in *input) ([]byte, error) {
	var line []byte
	for {
		b, err := in.ReadByte()
		if err != nil {
			return nil, err
		}
		if b == '\n' {
			if len(line) == 0 || line[len(line)-1] != '\r' {
				return nil, errBareLF
			}
			line = line[:len(line)-1]
			if bytes.IndexByte(line, '\r') >= 0 {
				return nil, errChunk
			}
			return line, nil
		}
		if line = append(line, b); len(line) >= maxChunkLine {
			return nil, errChunkLine
		}
	}
}

// end reads the trailer section. Its lines end as those of chunks do, which is
// stricter than net/http.
func (c *chunks) end(in *input) error {
	var section []byte
	for {
		line, err := chunkLine(in)
		if err != nil {
			if err == io.EOF {
				err = errors.New("http: unexpected EOF reading trailer")
			}
			return err
		}
		section = append(append(section, line...), "\r\n"...)
		if len(section) > maxTrailer {
			return errors.New("aiohttp: the trailer is too long")
		}
		if len(line) == 0 {
			break
		}
	}
	trailer := http.Header{}
	if len(section) > len("\r\n") {
		text := string(section)
		if c.folds {
			text = unfold(text)
		}
		var err error
		if trailer, err = parseFields(text, nil); err != nil {
			return errors.New("aiohttp: malformed trailer")
		}
	}
	if c.trailer != nil {
		c.trailer(trailer)
	}
	return io.EOF
}
