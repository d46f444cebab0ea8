//go:build unix && !aix

// Command echo is an echo server in each form of a handler: a task for each
// connection, one borrowed for each event, or asyncio's protocols.
//
//	go run ./examples/echo -form protocol
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aionet"
)

// forms are the handlers by name.
var forms = map[string]aionet.Handler{
	"connection": aionet.PerConnection(connection),
	"event":      aionet.PerEvent(event),
	"protocol":   aionet.Callbacks(func() aionet.Protocol { return &protocol{} }),
}

// connection runs in a task of its own until the peer leaves: the code reads
// from top to bottom, and a connection holds a coroutine and this buffer.
func connection(_ context.Context, c *aionet.Conn) error {
	buffer := make([]byte, 4096)
	for {
		n, err := c.Read(buffer)
		if err != nil {
			return err
		}
		if _, err := c.Write(buffer[:n]); err != nil {
			return err
		}
	}
}

// event is called when there is something to read. Between events a connection
// holds neither a coroutine nor a buffer.
func event(_ context.Context, c *aionet.Conn) error {
	buffer := aionet.Borrow()
	defer buffer.Return()
	n, err := c.Read(buffer[:])
	if err != nil {
		return err
	}
	_, err = c.Write(buffer[:n])
	return err
}

// protocol has callbacks, which never wait. A peer that does not read is not
// read from either.
type protocol struct {
	aionet.BaseProtocol
	transport *aionet.Transport
}

func (p *protocol) ConnectionMade(t *aionet.Transport) { p.transport = t }
func (p *protocol) DataReceived(data []byte)           { _, _ = p.transport.Write(data) }
func (p *protocol) PauseWriting()                      { p.transport.PauseReading() }
func (p *protocol) ResumeWriting()                     { p.transport.ResumeReading() }

func main() {
	address := flag.String("address", "127.0.0.1:7000", "where to listen")
	form := flag.String("form", "connection", "connection, event or protocol")
	flag.Parse()
	handler := forms[*form]
	if handler == nil {
		fmt.Fprintf(os.Stderr, "no form %q: it is connection, event or protocol\n", *form)
		os.Exit(2)
	}
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		l, err := aionet.Listen(ctx, "tcp", *address)
		if err != nil {
			return err
		}
		fmt.Println("listening on", l.Addr())
		return aionet.Serve(ctx, l, handler)
	})
	if err != nil && !errors.Is(err, aio.ErrInterrupted) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
