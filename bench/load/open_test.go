//go:build linux

package load

import (
	"io"
	"net"
	"testing"
	"time"
)

func TestSchedule(t *testing.T) {
	s := newSchedule(4, 16, 64_000) // a burst of 16 every 250 µs
	for _, test := range []struct {
		connection int
		message    int64
		want       time.Duration
	}{
		{0, 0, 0},
		{0, 15, 0},
		{1, 0, 250 * time.Microsecond},
		{3, 15, 750 * time.Microsecond},
		{0, 16, time.Millisecond},
		{2, 33, 2500 * time.Microsecond},
	} {
		if got := s.due(test.connection, test.message); got != test.want {
			t.Errorf("message %d of connection %d is due at %v, want %v", test.message, test.connection, got, test.want)
		}
	}
}

func TestOpenAnswersEveryScheduledMessage(t *testing.T) {
	for _, inFlight := range []int{1, 16} {
		var echoed tally
		address := serve(t, echoUpTo(4096, &echoed))
		client := dial(t, Config{Address: address, Connections: 5, InFlight: inFlight, MessageSize: 64})
		if _, err := client.Closed(time.Millisecond); err != nil {
			t.Fatal(err)
		}
		before := client.answered
		latency, err := client.Open(16_000, 100*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		if count := latency.TotalCount(); count != 1600 || client.answered-before+latency.Late != count {
			t.Errorf("%d latencies for %d answers and %d late ones, want 1600", count, client.answered-before, latency.Late)
		}
		if latency.Min() < 1 {
			t.Errorf("shortest latency %d ns", latency.Min())
		}
	}
}

// A server that pauses once makes all that was due meanwhile late, not one message.
func TestOpenCountsTheWaitBehindAPause(t *testing.T) {
	const pause = 50 * time.Millisecond
	address := serve(t, func(conn net.Conn) {
		buffer := make([]byte, 64)
		for n := 0; ; n++ {
			if _, err := io.ReadFull(conn, buffer); err != nil {
				return
			}
			if n == 10 {
				time.Sleep(pause)
			}
			if _, err := conn.Write(buffer); err != nil {
				return
			}
		}
	})
	client := dial(t, Config{Address: address, Connections: 1, InFlight: 1, MessageSize: 64})
	latency, err := client.Open(1000, 200*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	// One message a millisecond, so at least 40 were due in the first 40 ms of the pause. Slow machines only add.
	var waited int64
	for _, bar := range latency.Distribution() {
		if bar.From >= (10 * time.Millisecond).Nanoseconds() {
			waited += bar.Count
		}
	}
	if waited < 39 {
		t.Errorf("%d messages waited 10 ms or more, want about 40: the pause was omitted", waited)
	}
}

// What a server never answers is recorded with the age it reached.
func TestOpenGivesUp(t *testing.T) {
	address := serve(t, func(conn net.Conn) {
		buffer := make([]byte, 64)
		for range 3 { // Dial's and two more
			if _, err := io.ReadFull(conn, buffer); err != nil {
				return
			}
			conn.Write(buffer)
		}
		io.Copy(io.Discard, conn)
	})
	client := dial(t, Config{Address: address, Connections: 1, InFlight: 1, MessageSize: 64})
	latency, err := client.Open(1000, 20*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if latency.TotalCount() != 20 || latency.Late != 18 {
		t.Errorf("%d latencies, %d late; want 20 and 18", latency.TotalCount(), latency.Late)
	}
	if least := (20 * time.Millisecond).Nanoseconds(); latency.Max() < least {
		t.Errorf("longest %d ns, want at least %d", latency.Max(), least)
	}
}

func TestOpenRefusesARate(t *testing.T) {
	address := serve(t, func(conn net.Conn) { io.Copy(conn, conn) })
	client := dial(t, Config{Address: address, Connections: 1, InFlight: 1, MessageSize: 64})
	for _, rate := range []float64{0, -1} {
		if _, err := client.Open(rate, time.Millisecond); err == nil {
			t.Errorf("a rate of %v", rate)
		}
	}
}
