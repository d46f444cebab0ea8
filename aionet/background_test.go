//go:build unix && !aix

package aionet

import (
	"io"
	"net"
	"runtime"
	"testing"
)

// A callback of the background loop may close a connection while a goroutine has
// another one registered there.
func TestCloseOnTheBackgroundLoop(t *testing.T) {
	var ours [2]*Conn
	var theirs [2]net.Conn
	for i := range ours {
		a, b, err := SocketPair()
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		defer b.Close()
		ours[i], theirs[i] = a, b
	}
	read := func(i int) <-chan error {
		done := make(chan error, 1)
		go func() {
			_, err := io.ReadFull(ours[i], make([]byte, 1))
			done <- err
		}()
		return done
	}
	// count is -1 while the lock is taken, as it is by who waits for the loop with it.
	count := func() int {
		if !background.mu.TryLock() {
			return -1
		}
		defer background.mu.Unlock()
		return background.count
	}
	before := count()
	first := read(0)
	for count() != before+1 {
		runtime.Gosched()
	}
	background.mu.Lock()
	l := background.loop
	background.mu.Unlock()
	_, _ = theirs[0].Write([]byte("x"))
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	begun, gate := make(chan struct{}), make(chan struct{})
	l.CallSoon(func() {
		close(begun)
		<-gate
		_ = ours[0].Close()
	})
	<-begun
	second := read(1)
	for n := count(); n != before+2 && n != -1; n = count() {
		runtime.Gosched()
	}
	close(gate)
	_, _ = theirs[1].Write([]byte("x"))
	if err := <-second; err != nil {
		t.Error(err)
	}
}
