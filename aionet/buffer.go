package aionet

import "sync"

// Buffer is a piece of memory that was borrowed with [Borrow].
type Buffer [16 << 10]byte

var buffers = sync.Pool{New: func() any { return new(Buffer) }}

// Borrow lends a buffer of 16 KB with unspecified content, for a call that reads
// a message and answers it. An idle connection then needs none. Safe from any
// goroutine.
func Borrow() *Buffer { return buffers.Get().(*Buffer) }

// Return gives the buffer back. It must not be used afterwards.
func (b *Buffer) Return() { buffers.Put(b) }
