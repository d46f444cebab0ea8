package wire

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// seals make a memory file constant.
const seals = unix.F_SEAL_SEAL | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE

// Seal returns a memory file of the payload that nobody can change any more.
func Seal(payload []byte) (fd int, err error) {
	fd, err = unix.MemfdCreate("aio executor payload", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return -1, fmt.Errorf("memfd_create: %w", err)
	}
	for len(payload) > 0 {
		n, err := unix.Write(fd, payload)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			unix.Close(fd)
			return -1, fmt.Errorf("write a payload to memory: %w", err)
		}
		payload = payload[n:]
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals); err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("seal a payload: %w", err)
	}
	return fd, nil
}

// Unseal reads a payload of at most limit bytes from a sealed memory file, and
// closes that.
func Unseal(fd int, limit int64) ([]byte, error) {
	defer unix.Close(fd)
	// A file that could change under the reader would be no payload.
	got, err := unix.FcntlInt(uintptr(fd), unix.F_GET_SEALS, 0)
	if err != nil || got&seals != seals {
		return nil, fmt.Errorf("%w: its memory is not sealed", ErrFrame)
	}
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return nil, fmt.Errorf("stat a payload: %w", err)
	}
	if stat.Size > limit {
		return nil, fmt.Errorf("a payload of %d bytes, of %d at most", stat.Size, limit)
	}
	payload := make([]byte, stat.Size)
	return payload, readInParts(fd, payload)
}

// part is how much is read at a time: to fault in the new buffer takes longer
// than the copying, and can be done on several cores.
const part = 8 << 20

func readInParts(fd int, payload []byte) error {
	readers := min(runtime.GOMAXPROCS(0), 4, (len(payload)+part-1)/part)
	if readers <= 1 {
		return readAt(fd, payload, 0)
	}
	var next atomic.Int64
	var working sync.WaitGroup
	errs := make([]error, readers)
	for i := range errs {
		working.Go(func() {
			for errs[i] == nil {
				from := (next.Add(1) - 1) * part
				if from >= int64(len(payload)) {
					return
				}
				errs[i] = readAt(fd, payload[from:min(from+part, int64(len(payload)))], from)
			}
		})
	}
	working.Wait()
	return errors.Join(errs...)
}

func readAt(fd int, b []byte, at int64) error {
	for len(b) > 0 {
		n, err := unix.Pread(fd, b, at)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return fmt.Errorf("read a payload: %w", err)
		case n == 0:
			return io.ErrUnexpectedEOF
		}
		b, at = b[n:], at+int64(n)
	}
	return nil
}

// CloseFile closes a memory file that is not read.
func CloseFile(fd int) { unix.Close(fd) }
