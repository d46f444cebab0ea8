package gid_test

import (
	"testing"

	"github.com/goaio/aio/internal/gid"
)

func BenchmarkCurrent(b *testing.B) {
	for b.Loop() {
		gid.Current()
	}
}

func BenchmarkSelf(b *testing.B) {
	b.Run("registered", func(b *testing.B) {
		var r gid.Record
		gid.Register(&r)
		defer gid.Unregister(&r)
		for b.Loop() {
			gid.Self()
		}
	})
	b.Run("plain", func(b *testing.B) {
		for b.Loop() {
			gid.Self()
		}
	})
}

func BenchmarkRunning(b *testing.B) {
	var r gid.Record
	gid.Register(&r)
	defer gid.Unregister(&r)
	for b.Loop() {
		r.Running()
	}
}
