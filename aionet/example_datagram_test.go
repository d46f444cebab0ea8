//go:build unix && !aix

package aionet_test

import (
	"context"
	"fmt"
	"net"
	"os"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aionet"
)

// shouter answers each datagram.
type shouter struct {
	aionet.BaseDatagramProtocol
	transport *aionet.DatagramTransport
}

func (s *shouter) ConnectionMade(t *aionet.DatagramTransport) { s.transport = t }

func (s *shouter) DatagramReceived(data []byte, from net.Addr) {
	if err := s.transport.SendTo(append([]byte("hey, "), data...), from); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// asyncio's create_datagram_endpoint, and a client that awaits.
func ExampleListenDatagramProtocol() {
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		server, err := aionet.ListenDatagramProtocol(ctx, "udp", "127.0.0.1:0", &shouter{})
		if err != nil {
			return err
		}
		defer server.Close()
		client, err := aionet.DialPacket(ctx, "udp", server.LocalAddr().String())
		if err != nil {
			return err
		}
		defer client.Close()
		if _, err := client.Write([]byte("you")); err != nil {
			return err
		}
		answer := make([]byte, 100)
		n, err := client.Read(answer)
		fmt.Printf("%s\n", answer[:n])
		return err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output: hey, you
}
