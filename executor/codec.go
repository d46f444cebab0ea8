package executor

import (
	"fmt"
	"reflect"
	"sync"
)

// A Codec encodes values of some types on their way to another process. CBOR
// takes whatever no codec does; []byte needs none.
type Codec interface {
	// Takes reports whether values of a type are the codec's.
	Takes(t reflect.Type) bool
	// Encode returns the encoding of a value of such a type.
	Encode(value any) ([]byte, error)
	// Decode stores the value that data encodes in what into points to, a
	// variable of such a type. It must not keep data.
	Decode(data []byte, into any) error
}

var codecs struct {
	mu    sync.RWMutex
	known []Codec
	byTyp sync.Map // reflect.Type to Codec
}

// RegisterCodec adds a codec. A codec is registered when its package is
// initialised, before the first call; the last one that takes a type has it.
func RegisterCodec(c Codec) {
	codecs.mu.Lock()
	defer codecs.mu.Unlock()
	codecs.known = append(codecs.known, c)
	codecs.byTyp.Clear()
}

var bytesType = reflect.TypeFor[[]byte]()

func codecOf(t reflect.Type) Codec {
	if c, ok := codecs.byTyp.Load(t); ok {
		return c.(Codec)
	}
	codecs.mu.RLock()
	defer codecs.mu.RUnlock()
	var found Codec = cborCodec{}
	for _, c := range codecs.known {
		if c.Takes(t) {
			found = c
		}
	}
	codecs.byTyp.Store(t, found)
	return found
}

// encode returns the encoding of a value of type t, which for bytes is the
// value itself.
func encode(t reflect.Type, value any) ([]byte, error) {
	if t == bytesType {
		return value.([]byte), nil
	}
	data, err := codecOf(t).Encode(value)
	if err != nil {
		return nil, fmt.Errorf("executor: encode a %v: %w", t, err)
	}
	return data, nil
}

// decode returns the value of type t that data encodes. It owns the bytes of
// data if they are the value.
func decode[T any](t reflect.Type, data []byte) (value T, err error) {
	if t == bytesType {
		return any(data).(T), nil
	}
	if err = codecOf(t).Decode(data, &value); err != nil {
		var zero T
		return zero, fmt.Errorf("executor: decode a %v: %w", t, err)
	}
	return value, nil
}

// keepsBytes reports whether the decoded value is data itself.
func keepsBytes(t reflect.Type) bool { return t == bytesType }
