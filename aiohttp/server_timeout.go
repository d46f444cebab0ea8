//go:build unix && !aix

package aiohttp

import (
	"time"

	"github.com/goaio/aio/aionet"
)

func (s *Server) readHeaderTimeout() time.Duration {
	if s.ReadHeaderTimeout != 0 {
		return s.ReadHeaderTimeout
	}
	return s.ReadTimeout
}

func (s *Server) idleTimeout() time.Duration {
	if s.IdleTimeout != 0 {
		return s.IdleTimeout
	}
	return s.ReadTimeout
}

// handshakeTimeout is net/http's, but where that has none.
func (s *Server) handshakeTimeout() time.Duration {
	return shortest(aionet.DefaultHandshakeTimeout, s.ReadHeaderTimeout, s.ReadTimeout, s.WriteTimeout)
}

// shortestIdleTimeout says how often idle connections are looked at.
func (s *Server) shortestIdleTimeout() time.Duration {
	return shortest(0, s.readHeaderTimeout(), s.idleTimeout())
}

// shortest returns the shortest of those that are set, or otherwise.
func shortest(otherwise time.Duration, of ...time.Duration) time.Duration {
	least := time.Duration(0)
	for _, d := range of {
		if d > 0 && (least == 0 || d < least) {
			least = d
		}
	}
	if least == 0 {
		return otherwise
	}
	return least
}
