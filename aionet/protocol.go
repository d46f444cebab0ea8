//go:build unix && !aix

package aionet

// Protocol is asyncio's: the callbacks that a [Transport] makes for one
// connection. They are called on the transport's loop, one at a time, as plain
// callbacks: they must not wait, and start a task for what does
// ([Transport.Context]).
//
// The order is asyncio's: ConnectionMade once; then DataReceived any number of
// times, and EOFReceived at most once after them; and in the end ConnectionLost
// once. PauseWriting and ResumeWriting come in turn, the first of them first.
// Embed [BaseProtocol] to write only those that you need.
//
// A callback that panics ends its connection: the panic goes to the loop's
// exception handler, with its stack, and to ConnectionLost.
type Protocol interface {
	// ConnectionMade is called before all others. The protocol keeps t to write
	// with.
	ConnectionMade(t *Transport)
	// DataReceived is called with bytes as they come, at least one, in pieces of
	// any size. They are the loop's and change after the call: copy what you
	// keep.
	DataReceived(data []byte)
	// EOFReceived is called when the peer has ended its half of the stream. The
	// transport then closes, unless the protocol wants to write on and returns
	// true: it closes the transport itself.
	EOFReceived() (keepOpen bool)
	// ConnectionLost is called when the connection is closed. The reason is nil
	// if that was by Close, by Abort or after the end of the stream. What was
	// written and not sent by then is lost, which only happens with a reason or
	// an Abort. The transport can be asked for its addresses still.
	ConnectionLost(reason error)
	// PauseWriting is called when more than the high-water mark is buffered, by
	// the Write that did it: see [Transport.SetWriteBufferLimits].
	PauseWriting()
	// ResumeWriting is called when the buffer is down at the low-water mark.
	ResumeWriting()
}

// BufferedProtocol is a Protocol that provides the memory to read into. Its
// DataReceived is not called.
type BufferedProtocol interface {
	Protocol
	// GetBuffer is called before each read and returns where to put the bytes,
	// at least one. The hint is how many would be good, -1 for any number.
	GetBuffer(sizeHint int) []byte
	// BufferUpdated is called when so many bytes were put at the start of that
	// buffer.
	BufferUpdated(n int)
}

// Drainer is a Protocol that hears when its server stops. It closes its
// transport when it has done what it must. The transport of a Protocol without
// this method is closed at once, which sends what was written.
type Drainer interface{ Drain() }

// BaseProtocol has callbacks that do nothing, to be embedded.
type BaseProtocol struct{}

// ConnectionMade does nothing.
func (BaseProtocol) ConnectionMade(*Transport) {}

// DataReceived drops the bytes.
func (BaseProtocol) DataReceived([]byte) {}

// EOFReceived has the transport closed.
func (BaseProtocol) EOFReceived() (keepOpen bool) { return false }

// ConnectionLost does nothing.
func (BaseProtocol) ConnectionLost(error) {}

// PauseWriting does nothing.
func (BaseProtocol) PauseWriting() {}

// ResumeWriting does nothing.
func (BaseProtocol) ResumeWriting() {}
