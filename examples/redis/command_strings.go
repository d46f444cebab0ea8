//go:build unix && !aix

package main

import (
	"bytes"
	"math"
	"strconv"
	"time"

	"github.com/tidwall/redcon"
)

func appendText(s *store, out []byte, args [][]byte) []byte {
	e := s.get(args[1])
	switch {
	case e == nil:
		e = s.set(args[1], args[2])
	case e.list != nil:
		return redcon.AppendError(out, wrongType)
	default:
		e.text = append(e.text, args[2]...)
	}
	return redcon.AppendInt(out, int64(len(e.text)))
}

func get(s *store, out []byte, args [][]byte) []byte {
	switch e := s.get(args[1]); {
	case e == nil:
		return redcon.AppendNull(out)
	case e.list != nil:
		return redcon.AppendError(out, wrongType)
	default:
		return redcon.AppendBulk(out, e.text)
	}
}

func strlen(s *store, out []byte, args [][]byte) []byte {
	switch e := s.get(args[1]); {
	case e == nil:
		return redcon.AppendInt(out, 0)
	case e.list != nil:
		return redcon.AppendError(out, wrongType)
	default:
		return redcon.AppendInt(out, int64(len(e.text)))
	}
}

// set is SET key value [NX | XX] [EX seconds | PX milliseconds | KEEPTTL].
func set(s *store, out []byte, args [][]byte) []byte {
	var live time.Duration
	var onlyNew, onlyOld, keep bool
	for i := 3; i < len(args); i++ {
		switch string(bytes.ToUpper(args[i])) {
		case "NX":
			onlyNew = true
		case "XX":
			onlyOld = true
		case "KEEPTTL":
			keep = true
		case "EX", "PX":
			unit := time.Second
			if args[i][0]|0x20 == 'p' {
				unit = time.Millisecond
			}
			if i++; i == len(args) || live != 0 {
				return redcon.AppendError(out, syntax)
			}
			var problem string
			if live, problem = lifetime(args[i], unit, "set"); problem != "" {
				return redcon.AppendError(out, problem)
			}
		default:
			return redcon.AppendError(out, syntax)
		}
	}
	if onlyNew && onlyOld || keep && live != 0 {
		return redcon.AppendError(out, syntax)
	}
	old := s.get(args[1])
	if onlyNew && old != nil || onlyOld && old == nil {
		return redcon.AppendNull(out)
	}
	var expires time.Time
	if keep && old != nil {
		expires = old.expires
	}
	e := s.set(args[1], args[2])
	if live > 0 {
		expires = s.loop.Now().Add(live)
	}
	if !expires.IsZero() {
		s.expire(args[1], e, expires)
	}
	return redcon.AppendOK(out)
}

func lifetime(arg []byte, unit time.Duration, command string) (d time.Duration, problem string) {
	if _, ok := integer(arg); !ok {
		return 0, notInteger
	}
	d, ok := duration(arg, unit)
	if !ok || d <= 0 {
		return 0, "ERR invalid expire time in '" + command + "' command"
	}
	return d, ""
}

func setnx(s *store, out []byte, args [][]byte) []byte {
	if s.get(args[1]) != nil {
		return redcon.AppendInt(out, 0)
	}
	s.set(args[1], args[2])
	return redcon.AppendInt(out, 1)
}

func setex(s *store, out []byte, args [][]byte) []byte {
	d, problem := lifetime(args[2], time.Second, "setex")
	if problem != "" {
		return redcon.AppendError(out, problem)
	}
	s.expire(args[1], s.set(args[1], args[3]), s.loop.Now().Add(d))
	return redcon.AppendOK(out)
}

func getset(s *store, out []byte, args [][]byte) []byte {
	n := len(out)
	out = get(s, out, args)
	if out[n] != '-' {
		s.set(args[1], args[2])
	}
	return out
}

func mget(s *store, out []byte, args [][]byte) []byte {
	out = redcon.AppendArray(out, len(args)-1)
	for _, key := range args[1:] {
		if e := s.get(key); e == nil || e.list != nil {
			out = redcon.AppendNull(out)
		} else {
			out = redcon.AppendBulk(out, e.text)
		}
	}
	return out
}

func mset(s *store, out []byte, args [][]byte) []byte {
	for i := 1; i < len(args); i += 2 {
		s.set(args[i], args[i+1])
	}
	return redcon.AppendOK(out)
}

func incrby(s *store, out []byte, args [][]byte) []byte {
	n, ok := integer(args[2])
	if !ok {
		return redcon.AppendError(out, notInteger)
	}
	return add(s, out, args[1], n)
}

func decrby(s *store, out []byte, args [][]byte) []byte {
	n, ok := integer(args[2])
	if !ok || n == math.MinInt64 {
		return redcon.AppendError(out, notInteger)
	}
	return add(s, out, args[1], -n)
}

func add(s *store, out []byte, key []byte, by int64) []byte {
	e := s.get(key)
	if e == nil {
		e = s.set(key, []byte("0"))
	}
	if e.list != nil {
		return redcon.AppendError(out, wrongType)
	}
	n, ok := integer(e.text)
	if !ok {
		return redcon.AppendError(out, notInteger)
	}
	if by > 0 && n > math.MaxInt64-by || by < 0 && n < math.MinInt64-by {
		return redcon.AppendError(out, "ERR increment or decrement would overflow")
	}
	e.text = strconv.AppendInt(e.text[:0], n+by, 10)
	return redcon.AppendInt(out, n+by)
}
