//go:build unix && !aix

package driver

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Under a number that was closed and is another file now, the portable driver's copy still is the old file. Its news
// must not end waits for ever.
func TestPortableCopyIsRenewed(t *testing.T) {
	opened, err := openPortable()
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	d := opened.(*portable)
	number, old := pipe(t)
	r, w := pipe(t)
	watch(t, d, number, Readable)
	wait(t, d, time.Nanosecond, 0) // from here on a goroutine waits on the copy
	copied := d.polls.of[number]
	unix.Close(number)
	copyTo(t, r, number)
	write(t, old)
	for d.polls.of[number] == copied {
		wait(t, d, time.Millisecond, 0)
	}
	expect(t, d, nil)
	write(t, w)
	if got := await(t, d, -1); got[number] != Readable {
		t.Error(got)
	}
}
