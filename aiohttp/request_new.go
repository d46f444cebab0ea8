//go:build unix && !aix

package aiohttp

import (
	"context"
	"net/http"
	"reflect"
	"unsafe"
)

// contextField is where a request keeps its context.
type contextField struct {
	offset uintptr
	known  bool
}

// inRequest is looked up by name, and is not known in a release of Go that has
// it elsewhere.
var inRequest = func() contextField {
	f, is := reflect.TypeFor[http.Request]().FieldByName("ctx")
	return contextField{f.Offset, is && f.Type == reflect.TypeFor[context.Context]()}
}()

// set gives a new request its context. [http.Request.WithContext], the one way
// that package http has, copies the request: twice 304 bytes with pointers, and
// the write barriers of them, which were 2 % of what a request takes.
func (f contextField) set(r *http.Request, ctx context.Context) {
	if !f.known {
		*r = *r.WithContext(ctx)
		return
	}
	*(*context.Context)(unsafe.Add(unsafe.Pointer(r), f.offset)) = ctx
}
