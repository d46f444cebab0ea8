//go:build unix && !aix

package aionet

import "slices"

// giveBack has the next reads return p first, which was read and could not be
// passed on. The caller has the turn to read, and p is its own no more.
func (d *descriptor) giveBack(p []byte) {
	if len(p) == 0 {
		return
	}
	d.mu.Lock()
	r := d.more()
	d.mu.Unlock()
	r.givenBack = append(slices.Clip(p), r.givenBack...)
	d.in.news.Store(true)
}

// reread reads what was given back. The caller has the turn to read.
func (d *descriptor) reread(p []byte) int {
	r := d.rare.Load()
	if r == nil || len(r.givenBack) == 0 {
		return 0
	}
	n := copy(p, r.givenBack)
	if r.givenBack = r.givenBack[n:]; len(r.givenBack) == 0 {
		r.givenBack = nil
	}
	// What the system says next may be old news that the reader has not asked
	// for yet.
	d.in.news.Store(true)
	return n
}
