// Package protobuf has protocol buffers cross to the processes of package
// executor in their own encoding. Import it for that effect:
//
//	import _ "github.com/goaio/aio/executor/protobuf"
//
// An input or result of a registered function that is a pointer to a message
// then goes as the message's wire format, what the receiver's build does not
// know of it included. A nil pointer arrives as an empty message. Messages
// inside of other types are not the codec's.
package protobuf

import (
	"fmt"
	"reflect"

	"google.golang.org/protobuf/proto"

	"github.com/goaio/aio/executor"
)

func init() { executor.RegisterCodec(Codec{}) }

// Codec is the codec that importing the package registers. It is safe from any
// goroutine.
type Codec struct{}

var messageType = reflect.TypeFor[proto.Message]()

// Takes reports whether t is a pointer to a message.
func (Codec) Takes(t reflect.Type) bool {
	return t.Kind() == reflect.Pointer && t.Implements(messageType)
}

// Encode returns a message's wire format.
func (Codec) Encode(value any) ([]byte, error) {
	message, ok := value.(proto.Message)
	if !ok {
		return nil, fmt.Errorf("protobuf: %T is no message", value)
	}
	return proto.Marshal(message)
}

// Decode stores a new message in into, which points to a pointer to one.
func (Codec) Decode(data []byte, into any) error {
	place := reflect.ValueOf(into).Elem()
	message, ok := reflect.New(place.Type().Elem()).Interface().(proto.Message)
	if !ok {
		return fmt.Errorf("protobuf: %T does not point to a message", into)
	}
	if err := proto.Unmarshal(data, message); err != nil {
		return err
	}
	place.Set(reflect.ValueOf(message))
	return nil
}
