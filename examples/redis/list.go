//go:build unix && !aix

package main

// list is a ring that grows at both ends.
type list struct {
	ring [][]byte // its length is a power of two
	head int
	len  int
}

func (l *list) at(i int) []byte { return l.ring[(l.head+i)&(len(l.ring)-1)] }

func (l *list) pushBack(v []byte) {
	l.grow()
	l.ring[(l.head+l.len)&(len(l.ring)-1)] = v
	l.len++
}

func (l *list) pushFront(v []byte) {
	l.grow()
	l.head = (l.head - 1) & (len(l.ring) - 1)
	l.ring[l.head] = v
	l.len++
}

func (l *list) popFront() []byte {
	v := l.at(0)
	l.ring[l.head] = nil
	l.head = (l.head + 1) & (len(l.ring) - 1)
	l.len--
	return v
}

func (l *list) popBack() []byte {
	l.len--
	last := (l.head + l.len) & (len(l.ring) - 1)
	v := l.ring[last]
	l.ring[last] = nil
	return v
}

func (l *list) grow() {
	if l.len < len(l.ring) {
		return
	}
	ring := make([][]byte, max(4, 2*len(l.ring)))
	for i := range l.len {
		ring[i] = l.at(i)
	}
	l.ring, l.head = ring, 0
}

// bounds turns Redis's first and last index, which may count from the end, into
// a range of indices.
func (l *list) bounds(first, last int64) (from, to int) {
	n := int64(l.len)
	if first < 0 {
		first = max(0, first+n)
	}
	if last < 0 {
		last += n
	}
	last = min(last, n-1)
	if first > last {
		return 0, 0
	}
	return int(first), int(last) + 1
}
