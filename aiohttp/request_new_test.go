//go:build unix && !aix

package aiohttp

import (
	"context"
	"net/http"
	"reflect"
	"testing"
	"unsafe"
)

// A new request gets its context and nothing else, whether this Go's requests
// have it where they are known to or not.
func TestANewRequestHasItsContext(t *testing.T) {
	if !inRequest.known {
		t.Error("this release of Go keeps a request's context elsewhere: see contextField")
	}
	type key struct{}
	ctx := context.WithValue(context.Background(), key{}, 1)
	for _, field := range []contextField{inRequest, {}} {
		var r http.Request
		field.set(&r, ctx)
		if r.Context() != ctx {
			t.Errorf("%+v: the context is %v", field, r.Context())
		}
		if want := (&http.Request{}).WithContext(ctx); !reflect.DeepEqual(&r, want) {
			t.Errorf("%+v: %+v, want %+v", field, &r, want)
		}
	}
}

// An exchange is one piece of memory; with the eight bytes that an object of more
// than 512 has before it, it just fits its size class.
func TestAnExchangeIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(exchange{}); size > 704-8 {
		t.Errorf("an exchange has %d bytes", size)
	}
}
