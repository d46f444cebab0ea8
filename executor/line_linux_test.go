package executor

import (
	"runtime"
	"strings"
	"testing"

	"github.com/goaio/aio/executor/internal/wire"
)

// parkedLine returns a line on which a goroutine waits for long, the worker's
// end of its answers, and what is closed when the wait has ended.
func parkedLine(t *testing.T) (l *line, answers int, ended chan struct{}) {
	t.Helper()
	l = &line{}
	files, calls, answers, err := l.open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		l.release()
		for _, fd := range []int{files, calls, answers} {
			wire.CloseFile(fd)
		}
	})
	ended = make(chan struct{})
	l.hold()
	go func() {
		defer close(ended)
		defer l.release()
		l.await(l.ticket())
	}()
	for !parked() {
		runtime.Gosched()
	}
	return l, answers, ended
}

// parked reports whether a goroutine waits on Go's poller in await.
func parked() bool {
	all := make([]byte, 1<<20)
	for g := range strings.SplitSeq(string(all[:runtime.Stack(all, true)]), "\n\n") {
		if strings.Contains(g, "[IO wait") && strings.Contains(g, "(*line).await") {
			return true
		}
	}
	return false
}

func TestALongWaitEnds(t *testing.T) {
	_, answers, ended := parkedLine(t)
	if err := wire.WriteAll(answers, []byte("x")); err != nil {
		t.Fatal(err)
	}
	<-ended
	l, _, ended := parkedLine(t)
	ticket := l.ticket()
	l.nudge()
	<-ended
	l.await(ticket) // was nudged since
}
