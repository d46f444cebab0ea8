package aionet

import "bytes"

// separatorSearch looks for the first of several separators in a buffer that
// grows at its end.
type separatorSearch struct {
	separators []string
	longest    int
	from       int // no separator begins before here
}

func newSeparatorSearch(separators []string) separatorSearch {
	s := separatorSearch{separators: separators}
	for _, separator := range separators {
		s.longest = max(s.longest, len(separator))
	}
	return s
}

// next returns where the separator lies that ends first, the longest of several
// that end there, so that it does not depend on the pieces in which the bytes
// came.
func (s *separatorSearch) next(buffer []byte) (start, end int, found bool) {
	within := buffer
	for _, separator := range s.separators {
		i := bytes.Index(within[min(s.from, len(within)):], []byte(separator))
		if i < 0 {
			continue
		}
		i += s.from
		if !found || i+len(separator) < end || i < start {
			start, end, found = i, i+len(separator), true
			within = buffer[:end]
		}
	}
	if !found {
		s.from = max(s.from, len(buffer)+1-s.longest)
	}
	return start, end, found
}
