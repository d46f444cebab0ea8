//go:build unix && !aix

package main

import (
	"time"

	"github.com/tidwall/redcon"
)

func dbsize(s *store, out []byte, _ [][]byte) []byte {
	return redcon.AppendInt(out, int64(len(s.entries)))
}

func flush(s *store, out []byte, _ [][]byte) []byte {
	s.clear()
	return redcon.AppendOK(out)
}

// count appends how many of the keys something holds for.
func count(out []byte, args [][]byte, holds func(key []byte) bool) []byte {
	n := int64(0)
	for _, key := range args[1:] {
		if holds(key) {
			n++
		}
	}
	return redcon.AppendInt(out, n)
}

func del(s *store, out []byte, args [][]byte) []byte { return count(out, args, s.delete) }

func exists(s *store, out []byte, args [][]byte) []byte {
	return count(out, args, func(key []byte) bool { return s.get(key) != nil })
}

func typeOf(s *store, out []byte, args [][]byte) []byte {
	switch e := s.get(args[1]); {
	case e == nil:
		return redcon.AppendString(out, "none")
	case e.list != nil:
		return redcon.AppendString(out, "list")
	}
	return redcon.AppendString(out, "string")
}

func expire(s *store, out []byte, args [][]byte) []byte { return expireIn(s, out, args, time.Second) }
func pexpire(s *store, out []byte, args [][]byte) []byte {
	return expireIn(s, out, args, time.Millisecond)
}

func expireIn(s *store, out []byte, args [][]byte, unit time.Duration) []byte {
	d, ok := duration(args[2], unit)
	if !ok {
		return redcon.AppendError(out, notInteger)
	}
	e := s.get(args[1])
	if e == nil {
		return redcon.AppendInt(out, 0)
	}
	s.expire(args[1], e, s.loop.Now().Add(d))
	return redcon.AppendInt(out, 1)
}

// duration reads a number of units; one that no time.Duration holds is refused.
func duration(arg []byte, unit time.Duration) (time.Duration, bool) {
	n, ok := integer(arg)
	limit := int64(1<<63-1) / int64(unit)
	return time.Duration(n) * unit, ok && n <= limit && n >= -limit
}

func ttl(s *store, out []byte, args [][]byte) []byte { return timeLeft(s, out, args, time.Second) }
func pttl(s *store, out []byte, args [][]byte) []byte {
	return timeLeft(s, out, args, time.Millisecond)
}

func timeLeft(s *store, out []byte, args [][]byte, unit time.Duration) []byte {
	switch e := s.get(args[1]); {
	case e == nil:
		return redcon.AppendInt(out, -2)
	case e.expires.IsZero():
		return redcon.AppendInt(out, -1)
	default:
		left := e.expires.Sub(s.loop.Now())
		return redcon.AppendInt(out, int64((left+unit/2)/unit))
	}
}

func persist(s *store, out []byte, args [][]byte) []byte {
	return count(out, args[:2], func(key []byte) bool {
		e := s.get(key)
		return e != nil && e.persist()
	})
}
