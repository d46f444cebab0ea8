package executor

import (
	"reflect"

	"github.com/fxamacker/cbor/v2"
)

// cborCodec is the codec of the types that no other takes.
type cborCodec struct{}

// What comes from another process is checked before memory is set aside for
// it: an array of n elements needs n bytes of input at least, so that these
// bounds are those of a payload, not of what a few bytes may claim.
const (
	cborNesting  = 32
	cborElements = 1 << 27
	cborPairs    = 1 << 24
)

var (
	cborEncoding = must(cbor.EncOptions{
		Time:          cbor.TimeRFC3339Nano,
		TimeTag:       cbor.EncTagRequired,
		IndefLength:   cbor.IndefLengthForbidden,
		NilContainers: cbor.NilContainerAsNull,
		NaNConvert:    cbor.NaNConvertNone,
		InfConvert:    cbor.InfConvertNone,
	}.EncMode())
	cborDecoding = must(cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		IndefLength:      cbor.IndefLengthForbidden,
		MaxNestedLevels:  cborNesting,
		MaxArrayElements: cborElements,
		MaxMapPairs:      cborPairs,
		UTF8:             cbor.UTF8DecodeInvalid, // a Go string may hold any bytes
		DefaultMapType:   reflect.TypeFor[map[string]any](),
	}.DecMode())
)

func must[T any](mode T, err error) T {
	if err != nil {
		panic(err)
	}
	return mode
}

func (cborCodec) Takes(reflect.Type) bool            { return true }
func (cborCodec) Encode(value any) ([]byte, error)   { return cborEncoding.Marshal(value) }
func (cborCodec) Decode(data []byte, into any) error { return cborDecoding.Unmarshal(data, into) }
