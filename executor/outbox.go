package executor

import (
	"errors"
	"os"
	"sync"
	"time"

	"github.com/goaio/aio/executor/internal/wire"
)

// outbox is the pool's end of the pipe of calls to a worker. Calls are handed to
// a busy worker ahead of their turn, so that neither side sleeps between two
// short calls; what the worker has not read yet can be taken back, also when it
// is dead. The pipe is the arbiter: each small frame is a packet, which either
// the worker reads or the pool.
type outbox struct {
	fd      int
	again   int            // another end to read from, -1 for none
	most    int            // calls that may lie in the pipe
	waiting sync.WaitGroup // jobs that are assigned and not written

	writing sync.Mutex // whoever writes, or takes back, has it; taken before the pool's
	packets bool       // what is written is a packet
	batch   []*job     // that is being written

	mu   sync.Mutex
	file *os.File // of the goroutine that writes a large frame
	cut  bool     // the worker is dead
}

// open takes the writing end of the pipe over.
func (o *outbox) open(fd int) error {
	o.fd, o.again = fd, -1
	if err := wire.SetPackets(fd, true); err != nil {
		return wire.SetNonblocking(fd)
	}
	o.packets = true
	if again, err := wire.ReadingEnd(fd); err == nil {
		o.again, o.most = again, wire.Packets(fd)
	}
	return nil
}

func (o *outbox) close() {
	wire.CloseFile(o.fd)
	if o.again >= 0 {
		wire.CloseFile(o.again)
	}
}

// write writes what the pipe takes at once of a frame and returns the rest. The
// caller has o.writing.
func (o *outbox) write(frame []byte) (rest []byte) {
	if packets := len(frame) <= wire.Packet; packets != o.packets && wire.SetPackets(o.fd, packets) == nil {
		o.packets = packets
	}
	n, err := wire.Write(o.fd, frame, true)
	if err != nil {
		return frame
	}
	return frame[n:]
}

var errCut = errors.New("the worker is dead")

// writeAll writes in a goroutine that holds the line. It ends with an error when
// the worker dies: something else may keep the pipe open and never read.
func (o *outbox) writeAll(b []byte) error {
	again, err := wire.Duplicate(o.fd)
	if err != nil {
		return err
	}
	file := os.NewFile(uintptr(again), "executor calls")
	defer file.Close()
	o.mu.Lock()
	o.file = file
	cut := o.cut
	o.mu.Unlock()
	if cut {
		return errCut
	}
	_, err = file.Write(b)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.file = nil
	return err
}

// workerDied ends writeAll.
func (o *outbox) workerDied() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.cut = true
	if o.file != nil {
		_ = o.file.SetWriteDeadline(time.Unix(1, 0))
	}
}

// takeBack takes the frames out of the pipe that the worker has not read: all of
// them are packets. The caller has o.writing.
func (o *outbox) takeBack() (frames [][]byte) {
	var b [wire.Packet]byte
	for {
		n, err := wire.Read(o.again, b[:])
		if err != nil || n == 0 {
			return frames
		}
		frames = append(frames, append([]byte{}, b[:n]...))
	}
}
