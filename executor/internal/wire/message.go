package wire

import (
	"fmt"
	"reflect"

	"github.com/fxamacker/cbor/v2"
)

// Messages are small: what exceeds these bounds did not come from a worker.
var (
	messages, encodingError = cbor.EncOptions{IndefLength: cbor.IndefLengthForbidden}.EncMode()
	strict, decodingError   = cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		TagsMd:            cbor.TagsForbidden,
		MaxNestedLevels:   8,
		MaxArrayElements:  16 << 10,
		MaxMapPairs:       256,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
		UTF8:              cbor.UTF8DecodeInvalid,
		DefaultMapType:    reflect.TypeFor[map[string]any](),
	}.DecMode()
)

func init() {
	if encodingError != nil || decodingError != nil {
		panic(fmt.Sprint(encodingError, decodingError))
	}
}

// Encode returns the body of a Hello, Welcome, Failure or Log.
func Encode(message any) ([]byte, error) {
	body, err := messages.Marshal(message)
	if err == nil && len(body) > MaxBody {
		err = fmt.Errorf("a message of %d bytes, of %d at most", len(body), MaxBody)
	}
	return body, err
}

// Decode reads such a body.
func Decode[T any](body []byte) (message T, err error) {
	if err = strict.Unmarshal(body, &message); err != nil {
		return message, fmt.Errorf("%w: %v", ErrFrame, err)
	}
	return message, nil
}
