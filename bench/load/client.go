//go:build linux

package load

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long a server may leave everything unanswered.
const patience = 10 * time.Second

// dialBatch is how many connections are opened before each is used once. The
// exchange waits until the server has accepted them: no listen queue overflows.
const dialBatch = 64

const receiveBuffer = 64 * 1024

// mostInFlight is what any socket's send buffer takes, so that no send is short.
const mostInFlight = 16 * 1024

// Config is what a Client does.
type Config struct {
	Address     netip.AddrPort // of 127.0.0.0/8
	Connections int
	InFlight    int // messages a connection may have unanswered
	MessageSize int // bytes of a message to an echo server
	// First is the number of the first connection, for a client beside others.
	First int
	// Spin polls instead of sleeping. It needs a core of its own, and spares the server the price of waking this client.
	Spin bool
}

// A Client holds connections to a server, and one goroutine at a time drives them.
type Client struct {
	config      Config
	protocol    protocol
	poller      poller
	connections []connection
	buffer      []byte

	answered int64 // messages, on all connections
	started  time.Time
	progress time.Duration // when an answer last came, or when the run began
}

// A protocol is what is sent on a connection, and what must come back.
type protocol interface {
	// next are so many messages, which follow those that the connection has sent.
	next(conn *connection, messages int) []byte
	// expects reports whether the bytes follow those that the connection has received.
	expects(conn *connection, got []byte) bool
	messageSize() int
	answerSize() int
}

type connection struct {
	fd       int
	number   int
	sent     int64 // messages
	received int64 // bytes
	owed     int   // messages that are due and not sent, in an open loop
}

// Dial opens the connections to an echo server and uses each once. Every byte that comes back, here and later, is compared.
func Dial(config Config) (*Client, error) {
	if config.MessageSize < 1 {
		return nil, fmt.Errorf("load: messages of %d bytes", config.MessageSize)
	}
	return newClient(config, echo{newStream(receiveBuffer), config.MessageSize})
}

func newClient(config Config, protocol protocol) (*Client, error) {
	if config.Connections < 1 || config.InFlight < 1 {
		return nil, fmt.Errorf("load: connections and messages in flight must be positive: %+v", config)
	}
	if config.InFlight*protocol.messageSize() > mostInFlight {
		return nil, fmt.Errorf("load: %d messages of %d bytes in flight are more than %d bytes",
			config.InFlight, protocol.messageSize(), mostInFlight)
	}
	poller, err := newPoller(config.Spin)
	if err != nil {
		return nil, err
	}
	c := &Client{
		config: config, protocol: protocol, poller: poller, started: time.Now(), buffer: make([]byte, receiveBuffer),
		connections: make([]connection, 0, config.Connections),
	}
	for len(c.connections) < config.Connections {
		if err := c.dialBatch(min(dialBatch, config.Connections-len(c.connections))); err != nil {
			c.Close()
			return nil, fmt.Errorf("load: connection %d of %d: %w", len(c.connections), config.Connections, err)
		}
	}
	return c, nil
}

func (c *Client) dialBatch(n int) error {
	first := len(c.connections)
	for range n {
		i := len(c.connections)
		fd, err := connect(c.config.Address, c.config.First+i)
		if err != nil {
			return err
		}
		c.connections = append(c.connections, connection{fd: fd, number: i})
		if err := c.poller.add(fd, i); err != nil {
			return err
		}
	}
	for i := first; i < len(c.connections); i++ {
		if err := c.send(&c.connections[i], 1); err != nil {
			return err
		}
	}
	return c.drain()
}

// Close resets every connection.
func (c *Client) Close() error {
	var errs []error
	for i := range c.connections {
		errs = append(errs, unix.Close(c.connections[i].fd))
	}
	c.connections = nil
	return errors.Join(append(errs, c.poller.close())...)
}

// send sends the connection's next messages in one call.
func (c *Client) send(conn *connection, messages int) error {
	bytes := c.protocol.next(conn, messages)
	n, errno := send(conn.fd, bytes)
	if errno != 0 {
		return fmt.Errorf("sending: %w", errno)
	}
	if n < len(bytes) {
		return fmt.Errorf("the system took %d of %d bytes", n, len(bytes))
	}
	conn.sent += int64(messages)
	return nil
}

// take reads what a readable connection has and returns how many messages that completes.
func (c *Client) take(conn *connection, hungUp bool) (messages int, err error) {
	size := int64(c.protocol.answerSize())
	before := conn.received / size
	for {
		n, errno := receive(conn.fd, c.buffer)
		if errno == unix.EAGAIN {
			break
		}
		if errno != 0 {
			return 0, fmt.Errorf("receiving: %w", errno)
		}
		if n == 0 {
			return 0, errors.New("the server closed a connection")
		}
		got := c.buffer[:n]
		if conn.received+int64(n) > conn.sent*size || !c.protocol.expects(conn, got) {
			return 0, fmt.Errorf("the server sent other bytes than expected: %q after %d bytes", got[:min(n, 200)], conn.received)
		}
		conn.received += int64(n)
		if n < len(c.buffer) && !hungUp {
			break // a short read has emptied the socket, and what comes later is another edge
		}
	}
	return int(conn.received/size - before), nil
}

// unanswered is how many messages the connection has in flight. The one that is partly back counts.
func (c *Client) unanswered(conn *connection) int {
	return int(conn.sent - conn.received/int64(c.protocol.answerSize()))
}

// step waits for answers until the given time since the start, at most,
// and calls answered for each connection that completed messages.
func (c *Client) step(until time.Duration, answered func(i, messages int) error) (now time.Duration, err error) {
	ready, err := c.poller.wait(until - time.Since(c.started))
	if err != nil {
		return 0, err
	}
	for _, event := range ready {
		i := int(event.Fd)
		messages, err := c.take(&c.connections[i], event.Events&^unix.EPOLLIN != 0)
		if err != nil {
			return 0, err
		}
		if messages == 0 {
			continue
		}
		c.answered += int64(messages)
		if err := answered(i, messages); err != nil {
			return 0, err
		}
	}
	now = time.Since(c.started)
	if len(ready) > 0 {
		c.progress = now
	} else if now-c.progress > patience {
		return 0, fmt.Errorf("no answer for %v", patience)
	}
	return now, nil
}

// drain sends nothing more and waits until everything is answered.
func (c *Client) drain() error {
	c.progress = time.Since(c.started)
	open := 0
	for i := range c.connections {
		open += c.unanswered(&c.connections[i])
	}
	for open > 0 {
		_, err := c.step(time.Since(c.started)+time.Second, func(_, messages int) error {
			open -= messages
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
