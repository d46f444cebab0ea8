package executor

import (
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// stderrTail passes a worker's standard error on and keeps its end.
type stderrTail struct {
	pipe   *os.File
	to     io.Writer
	ended  chan struct{} // closed when nothing more comes
	mu     sync.Mutex
	kept   []byte
	broken bool // to has failed
}

const (
	stderrKept = 8 << 10
	// stderrPatience is how long something that a worker started may keep the
	// pipe open after the worker's end.
	stderrPatience = 100 * time.Millisecond
)

// copy reads the pipe to its end. It always reads, so that a worker that says
// much is not held up.
func (t *stderrTail) copy() {
	defer close(t.ended)
	defer t.pipe.Close()
	b := make([]byte, 4<<10)
	for {
		n, err := t.pipe.Read(b)
		t.keep(b[:n])
		if n > 0 && !t.broken {
			_, failed := t.to.Write(b[:n])
			t.broken = failed != nil
		}
		if err != nil {
			return
		}
	}
}

func (t *stderrTail) keep(b []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, b...)
	if over := len(t.kept) - stderrKept; over > 0 {
		t.kept = append(t.kept[:0], t.kept[over:]...)
	}
}

// finish waits for the rest after the worker's end.
func (t *stderrTail) finish() {
	_ = t.pipe.SetReadDeadline(time.Now().Add(stderrPatience))
	<-t.ended
}

func (t *stderrTail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(strings.ToValidUTF8(string(t.kept), "\uFFFD"))
}
