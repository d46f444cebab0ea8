package gid

import "sync/atomic"

// recent has, for each hash, the record that was registered last, which may be
// another goroutine's. Who is found here is found with half of the loads that
// the table takes.
var recent [1 << recentBits]atomic.Pointer[Record]

const recentBits = 10

func recentOf(h uint64) *atomic.Pointer[Record] { return &recent[h>>(64-recentBits)] }
