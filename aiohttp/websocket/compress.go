//go:build unix && !aix

package websocket

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"strconv"
	"sync"

	"github.com/gobwas/httphead"
	"github.com/gobwas/ws/wsflate"
)

// Compression is permessage-deflate (RFC 7692), each message by itself: a window
// that is kept from message to message would cost every connection hundreds of
// kilobytes, idle or not.

// inflaters and deflaters are lent for a message.
var (
	inflaters = sync.Pool{New: func() any {
		return wsflate.NewReader(nil, func(r io.Reader) wsflate.Decompressor { return flate.NewReader(r) })
	}}
	deflaters = sync.Pool{New: func() any {
		return wsflate.NewWriter(nil, func(w io.Writer) wsflate.Compressor {
			c, _ := flate.NewWriter(w, flate.BestSpeed) // which is a valid level
			return c
		})
	}}
)

// deflate compresses a message.
func deflate(message []byte) ([]byte, error) {
	w := deflaters.Get().(*wsflate.Writer)
	defer deflaters.Put(w)
	var out bytes.Buffer
	w.Reset(&out)
	if _, err := w.Write(message); err != nil {
		return nil, err
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// extension is what a client offers and a server answers.
const extension = wsflate.ExtensionName + "; server_no_context_takeover; client_no_context_takeover"

// accept reports whether a client offers compression that can be met.
func accept(extensions []string) bool {
	for _, line := range extensions {
		options, ok := httphead.ParseOptions([]byte(line), nil)
		if !ok {
			return false
		}
		for _, option := range options {
			negotiation := wsflate.Extension{Parameters: wsflate.DefaultParameters}
			_, err := negotiation.Negotiate(option)
			if _, accepted := negotiation.Accepted(); err == nil && accepted {
				return true
			}
		}
	}
	return false
}

var errExtensions = errors.New("an extension that was not offered")

// accepted reads the server's answer to the offer.
func accepted(extensions []string, offer bool) (extended bool, err error) {
	for _, line := range extensions {
		options, ok := httphead.ParseOptions([]byte(line), nil)
		if !ok {
			return false, errExtensions
		}
		for _, option := range options {
			var p wsflate.Parameters
			if !offer || extended || string(option.Name) != wsflate.ExtensionName || p.Parse(option) != nil ||
				!p.ServerNoContextTakeover || p.ClientMaxWindowBits != 0 {
				return false, errExtensions
			}
			extended = true
		}
	}
	return extended, nil
}

func isEOF(err error) bool { return err == io.EOF }

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
