//go:build unix && !aix

package websocket

import (
	"math"
	"time"
)

// Options are what servers and clients can set. A nil pointer has the defaults.
type Options struct {
	// Subprotocols are those that this end speaks, the best first.
	Subprotocols []string

	// Compression has messages compressed if the peer agrees: permessage-deflate (RFC
	// 7692), each message by itself.
	Compression bool
	// CompressionThreshold is how many bytes a message must have to be compressed;
	// 512 if it is 0.
	CompressionThreshold int

	// MaxMessage is how many bytes a message may have that comes, decompressed,
	// whatever its frames; 1 MiB if it is 0. A larger one ends the connection with
	// [StatusMessageTooBig], as soon as its frames' headers say so. If it is
	// negative there is no limit, which is for those who read with
	// [Conn.NextReader] alone: all else holds whole messages in memory.
	MaxMessage int64
	// MaxQueued is how many bytes may be queued by the calls that do not wait, for
	// a peer that does not read; 1 MiB if it is 0. One message always may.
	MaxQueued int

	// Heartbeat has a peer pinged that has sent nothing for so long, and dropped
	// if it has not answered after as long again: a [CloseError] with
	// [StatusAbnormalClosure]; 0 for never. In the straight-line form somebody must be
	// reading all the time.
	Heartbeat time.Duration
}

func (o *Options) messageLimit() int64 {
	switch {
	case o == nil || o.MaxMessage == 0:
		return 1 << 20
	case o.MaxMessage < 0:
		return math.MaxInt64
	}
	return o.MaxMessage
}

func (o *Options) queueLimit() int {
	if o == nil || o.MaxQueued <= 0 {
		return 1 << 20
	}
	return o.MaxQueued
}

func (o *Options) threshold() int {
	if o == nil || o.CompressionThreshold <= 0 {
		return 512
	}
	return o.CompressionThreshold
}

func (o *Options) heartbeat() time.Duration {
	if o == nil {
		return 0
	}
	return o.Heartbeat
}
