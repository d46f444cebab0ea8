//go:build unix && !aix

package aionet

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/goaio/aio"
)

func echoConnection(ctx context.Context, c *Conn) error {
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

func echoEvent(ctx context.Context, c *Conn) error {
	buffer := Borrow()
	defer buffer.Return()
	n, err := c.Read(buffer[:])
	if err != nil {
		return err
	}
	_, err = c.Write(buffer[:n])
	return err
}

type echoProtocol struct {
	BaseProtocol
	transport *Transport
}

func (p *echoProtocol) ConnectionMade(t *Transport) { p.transport = t }
func (p *echoProtocol) DataReceived(data []byte)    { p.transport.Write(data) }
func (p *echoProtocol) PauseWriting()               { p.transport.PauseReading() }
func (p *echoProtocol) ResumeWriting()              { p.transport.ResumeReading() }

// bufferedEcho reads into memory of its own.
type bufferedEcho struct {
	echoProtocol
	buffer [3000]byte
}

func (p *bufferedEcho) GetBuffer(int) []byte { return p.buffer[:] }
func (p *bufferedEcho) BufferUpdated(n int)  { p.transport.Write(p.buffer[:n]) }

// Clients of package net talk to a server of each kind.
func TestEchoServers(t *testing.T) {
	for name, handler := range map[string]Handler{
		"per connection":    PerConnection(echoConnection),
		"per event":         PerEvent(echoEvent),
		"protocol":          Callbacks(func() Protocol { return &echoProtocol{} }),
		"buffered protocol": Callbacks(func() Protocol { return &bufferedEcho{} }),
	} {
		for _, loops := range []int{0, 1, 3} {
			t.Run(fmt.Sprintf("%s, %d loops", name, loops), func(t *testing.T) {
				run(t, func(ctx context.Context) error {
					l, err := Listen(ctx, "tcp", "127.0.0.1:0")
					if err != nil {
						return err
					}
					serving := aio.Go(ctx, func(ctx context.Context) error { return Serve(ctx, l, handler, Loops(loops)) })
					_, err = aio.Blocking(ctx, func(context.Context) (struct{}, error) {
						return struct{}{}, talk(l.Addr().String(), 10, 100)
					})
					serving.Cancel(nil)
					_, _ = serving.Await(ctx)
					return err
				})
			})
		}
	}
}

// talk has clients send messages of growing sizes and read them back.
func talk(address string, clients, messages int) error {
	errs := make(chan error)
	for i := range clients {
		go func() {
			errs <- func() error {
				c, err := net.Dial("tcp", address)
				if err != nil {
					return err
				}
				defer c.Close()
				for m := range messages {
					sent := bytes.Repeat([]byte{byte(i), byte(m)}, 1+m*m)
					go c.Write(sent)
					got := make([]byte, len(sent))
					if _, err := io.ReadFull(c, got); err != nil {
						return err
					}
					if !bytes.Equal(got, sent) {
						return fmt.Errorf("message %d of client %d came back changed", m, i)
					}
				}
				return nil
			}()
		}()
	}
	var first error
	for range clients {
		if err := <-errs; err != nil && first == nil {
			first = err
		}
	}
	return first
}
