//go:build unix && !aix

package aionet

import "net"

// DatagramProtocol is asyncio's: the callbacks that a [DatagramTransport] makes.
// They are called on the transport's loop, one at a time, as plain callbacks:
// they must not wait, and start a task for what does
// ([DatagramTransport.Context]).
//
// ConnectionMade comes first and once, ConnectionLost last and once.
// PauseWriting and ResumeWriting come in turn, the first of them first. Embed
// [BaseDatagramProtocol] to write only those that you need.
//
// A callback that panics ends its transport: the panic goes to the loop's
// exception handler, with its stack, and to ConnectionLost.
type DatagramProtocol interface {
	// ConnectionMade is called before all others. The protocol keeps t to send
	// with.
	ConnectionMade(t *DatagramTransport)
	// DatagramReceived is called with each datagram, which may be empty, and
	// whom it is from: a *net.UDPAddr or *net.UnixAddr, nil of a Unix peer that
	// has none. The bytes are the loop's and change after the call: copy what
	// you keep.
	DatagramReceived(data []byte, from net.Addr)
	// ErrorReceived is called when the system has refused a datagram, or tells
	// of what became of one: errors.Is finds [syscall.ECONNREFUSED] when nobody
	// listens at the other end, on a connected socket and after
	// [PacketConn.ReportErrors]. The transport goes on.
	ErrorReceived(err error)
	// ConnectionLost is called when the transport is closed. The reason is nil
	// if that was by Close or Abort.
	ConnectionLost(reason error)
	// PauseWriting is called when more than the high-water mark is buffered, by
	// the SendTo that did it: see [DatagramTransport.SetWriteBufferLimits].
	PauseWriting()
	// ResumeWriting is called when the buffer is down at the low-water mark.
	ResumeWriting()
}

// BaseDatagramProtocol has callbacks that do nothing, to be embedded.
type BaseDatagramProtocol struct{}

// ConnectionMade does nothing.
func (BaseDatagramProtocol) ConnectionMade(*DatagramTransport) {}

// DatagramReceived drops the datagram.
func (BaseDatagramProtocol) DatagramReceived([]byte, net.Addr) {}

// ErrorReceived drops the error.
func (BaseDatagramProtocol) ErrorReceived(error) {}

// ConnectionLost does nothing.
func (BaseDatagramProtocol) ConnectionLost(error) {}

// PauseWriting does nothing.
func (BaseDatagramProtocol) PauseWriting() {}

// ResumeWriting does nothing.
func (BaseDatagramProtocol) ResumeWriting() {}
