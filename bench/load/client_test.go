//go:build linux

package load

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

// serve accepts connections until the test ends, each handled on a goroutine, and returns where.
func serve(t *testing.T, handle func(net.Conn)) netip.AddrPort {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var handlers sync.WaitGroup
	handlers.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			handlers.Go(func() {
				defer conn.Close()
				handle(conn)
			})
		}
	})
	t.Cleanup(func() {
		listener.Close()
		handlers.Wait()
	})
	return listener.Addr().(*net.TCPAddr).AddrPort()
}

// echoUpTo echoes at most n bytes a write, and adds to written what it echoed.
func echoUpTo(n int, written *tally) func(net.Conn) {
	return func(conn net.Conn) {
		buffer := make([]byte, n)
		for {
			n, err := conn.Read(buffer)
			if err != nil {
				return
			}
			if n, err = conn.Write(buffer[:n]); err != nil {
				return
			}
			written.add(n)
		}
	}
}

type tally struct {
	mu    sync.Mutex
	bytes int64
}

func (t *tally) add(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bytes += int64(n)
}

func (t *tally) total() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.bytes
}

func dial(t *testing.T, config Config) *Client {
	t.Helper()
	client, err := Dial(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	return client
}

func TestClosedCountsWhatTheServerEchoed(t *testing.T) {
	for name, test := range map[string]struct {
		config Config
		piece  int // of the server's writes
	}{
		"one in flight":        {Config{Connections: 3, InFlight: 1, MessageSize: 64}, 4096},
		"many, spinning":       {Config{Connections: 65, InFlight: 16, MessageSize: 64, Spin: true}, 4096},
		"answers in pieces":    {Config{Connections: 2, InFlight: 4, MessageSize: 64}, 7},
		"messages of one byte": {Config{Connections: 1, InFlight: 3, MessageSize: 1}, 4096},
		"large messages":       {Config{Connections: 2, InFlight: 2, MessageSize: 8192}, 3000},
	} {
		t.Run(name, func(t *testing.T) {
			var echoed tally
			test.config.Address = serve(t, echoUpTo(test.piece, &echoed))
			client := dial(t, test.config)
			var requests int64
			dialled := client.answered
			for range 2 {
				got, err := client.Closed(20 * time.Millisecond)
				if err != nil {
					t.Fatal(err)
				}
				if got.Elapsed < 20*time.Millisecond {
					t.Errorf("ran for %v", got.Elapsed)
				}
				requests += got.Requests
				for i := range client.connections { // nothing is left for the server to do
					if left := client.unanswered(&client.connections[i]); left != 0 {
						t.Errorf("%d messages in flight on connection %d", left, i)
					}
				}
			}
			if requests < 1 || requests != client.answered-dialled {
				t.Errorf("%d requests of %d", requests, client.answered-dialled)
			}
			if want := client.answered * int64(test.config.MessageSize); eventually(&echoed, want) != want {
				t.Errorf("the server echoed %d bytes, the client got %d", echoed.total(), want)
			}
		})
	}
}

// eventually waits until the server has counted what the client already has.
func eventually(echoed *tally, want int64) int64 {
	for range 1000 {
		if echoed.total() == want {
			break
		}
		time.Sleep(time.Millisecond)
	}
	return echoed.total()
}

func TestDialRefusesWhatIsNotAnEcho(t *testing.T) {
	for name, test := range map[string]struct {
		answer func([]byte) []byte
		want   string
	}{
		"a byte changed":     {func(b []byte) []byte { b[len(b)-1] ^= 1; return b }, "other bytes"},
		"too much":           {func(b []byte) []byte { return append(b, 0) }, "other bytes"},
		"the wrong stream":   {func(b []byte) []byte { return []byte("HTTP/1.1 400 Bad Request\r\n") }, "other bytes"},
		"the end of a short": {func(b []byte) []byte { return b[1:] }, "other bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			address := serve(t, func(conn net.Conn) {
				buffer := make([]byte, 4096)
				n, err := conn.Read(buffer)
				if err == nil {
					conn.Write(test.answer(buffer[:n]))
					io.Copy(io.Discard, conn)
				}
			})
			client, err := Dial(Config{Address: address, Connections: 1, InFlight: 1, MessageSize: 64})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
			if client != nil {
				t.Error("a client beside the error")
			}
		})
	}
}

func TestConnectionThatTheServerCloses(t *testing.T) {
	address := serve(t, func(conn net.Conn) {
		buffer := make([]byte, 64)
		io.ReadFull(conn, buffer) // the one of Dial
		conn.Write(buffer)
		io.ReadFull(conn, buffer)
	})
	client := dial(t, Config{Address: address, Connections: 1, InFlight: 1, MessageSize: 64})
	if got, err := client.Closed(time.Minute); err == nil {
		t.Errorf("%+v from a server that had gone", got)
	}
}

func TestDialRefusesOtherMachines(t *testing.T) {
	for _, address := range []string{"192.168.1.1:80", "[::1]:80", "[2001:db8::1]:80"} {
		_, err := Dial(Config{Address: netip.MustParseAddrPort(address), Connections: 1, InFlight: 1, MessageSize: 1})
		if err == nil || !strings.Contains(err.Error(), "127.0.0.0/8") {
			t.Errorf("%s: error %v", address, err)
		}
	}
}

func TestDialRefusesImpossibleLoads(t *testing.T) {
	to := netip.MustParseAddrPort("127.0.0.1:1")
	for _, config := range []Config{
		{Address: to},
		{Address: to, Connections: 1, InFlight: 1},
		{Address: to, Connections: 1, InFlight: 2, MessageSize: mostInFlight},
	} {
		if _, err := Dial(config); err == nil {
			t.Errorf("dialled %+v", config)
		}
	}
}

func TestDialTellsWhichConnectionFailed(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().(*net.TCPAddr).AddrPort()
	listener.Close()
	_, err = Dial(Config{Address: address, Connections: 2, InFlight: 1, MessageSize: 1})
	if err == nil || !strings.Contains(err.Error(), "connection 0 of 2") {
		t.Errorf("error %v", err)
	}
}

func TestSourceAddresses(t *testing.T) {
	to := netip.MustParseAddrPort("127.0.0.1:80")
	perAddress := map[netip.Addr]int{}
	for i := range 20_000 {
		from, err := source(to, i)
		if err != nil {
			t.Fatal(err)
		}
		perAddress[from]++
	}
	if len(perAddress) != 5 || perAddress[netip.MustParseAddr("127.0.0.2")] != connectionsPerSource {
		t.Errorf("connections by address: %v", perAddress)
	}
	if from, err := source(to, 1e9); err == nil {
		t.Errorf("the billionth comes from %v", from)
	}
}

func TestCloseTellsErrors(t *testing.T) {
	address := serve(t, func(conn net.Conn) { io.Copy(conn, conn) })
	client, err := Dial(Config{Address: address, Connections: 1, InFlight: 1, MessageSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(client.Close()); err != nil {
		t.Error(err)
	}
}
