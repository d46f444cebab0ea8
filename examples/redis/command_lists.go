//go:build unix && !aix

package main

import (
	"bytes"

	"github.com/tidwall/redcon"
)

// listAt returns the list of a key, nil if there is none; ok is false if the key
// is something else.
func (s *store) listAt(key []byte) (l *list, ok bool) {
	e := s.get(key)
	if e == nil {
		return nil, true
	}
	return e.list, e.list != nil
}

func lpush(s *store, out []byte, args [][]byte) []byte { return push(s, out, args, (*list).pushFront) }
func rpush(s *store, out []byte, args [][]byte) []byte { return push(s, out, args, (*list).pushBack) }

func push(s *store, out []byte, args [][]byte, push func(*list, []byte)) []byte {
	l, ok := s.listAt(args[1])
	if !ok {
		return redcon.AppendError(out, wrongType)
	}
	if l == nil {
		l = &list{}
		s.entries[string(args[1])] = &entry{list: l}
	}
	for _, v := range args[2:] {
		push(l, bytes.Clone(v))
	}
	return redcon.AppendInt(out, int64(l.len))
}

func lpop(s *store, out []byte, args [][]byte) []byte { return pop(s, out, args, (*list).popFront) }
func rpop(s *store, out []byte, args [][]byte) []byte { return pop(s, out, args, (*list).popBack) }

// pop is LPOP key [count].
func pop(s *store, out []byte, args [][]byte, pop func(*list) []byte) []byte {
	l, ok := s.listAt(args[1])
	if !ok {
		return redcon.AppendError(out, wrongType)
	}
	n, several := int64(1), len(args) > 2
	if several {
		if n, ok = integer(args[2]); !ok || n < 0 {
			return redcon.AppendError(out, "ERR value is out of range, must be positive")
		}
	}
	if l == nil {
		return redcon.AppendNull(out)
	}
	n = min(n, int64(l.len))
	if several {
		out = redcon.AppendArray(out, int(n))
	}
	for range n {
		out = redcon.AppendBulk(out, pop(l))
	}
	if l.len == 0 {
		s.delete(args[1])
	}
	return out
}

func llen(s *store, out []byte, args [][]byte) []byte {
	l, ok := s.listAt(args[1])
	switch {
	case !ok:
		return redcon.AppendError(out, wrongType)
	case l == nil:
		return redcon.AppendInt(out, 0)
	}
	return redcon.AppendInt(out, int64(l.len))
}

func lindex(s *store, out []byte, args [][]byte) []byte {
	l, ok := s.listAt(args[1])
	if !ok {
		return redcon.AppendError(out, wrongType)
	}
	i, isInteger := integer(args[2])
	if !isInteger {
		return redcon.AppendError(out, notInteger)
	}
	if l != nil && i < 0 {
		i += int64(l.len)
	}
	if l == nil || i < 0 || i >= int64(l.len) {
		return redcon.AppendNull(out)
	}
	return redcon.AppendBulk(out, l.at(int(i)))
}

func lrange(s *store, out []byte, args [][]byte) []byte {
	l, ok := s.listAt(args[1])
	if !ok {
		return redcon.AppendError(out, wrongType)
	}
	first, ok1 := integer(args[2])
	last, ok2 := integer(args[3])
	if !ok1 || !ok2 {
		return redcon.AppendError(out, notInteger)
	}
	if l == nil {
		return redcon.AppendArray(out, 0)
	}
	from, to := l.bounds(first, last)
	out = redcon.AppendArray(out, to-from)
	for i := from; i < to; i++ {
		out = redcon.AppendBulk(out, l.at(i))
	}
	return out
}
