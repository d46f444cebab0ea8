package wire

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestIdentityCheck(t *testing.T) {
	identity := func(build string, functions ...string) Identity {
		return Identity{Version: Version, Build: build, Registry: Fingerprint(functions), Functions: functions}
	}
	ours := identity("b1", "a: int -> int", "b: int -> int")
	if err := ours.Check(ours); err != nil {
		t.Error(err)
	}
	for _, test := range []struct {
		other Identity
		says  string
	}{
		{identity("b2", "a: int -> int", "b: int -> int"), "build b2"},
		{identity("b1", "a: int -> int"), `only the pool has "b: int -> int"`},
		{identity("b1", "a: int -> int", "b: int -> string"), `only the worker has "b: int -> string"`},
		{identity("b1", "a", "b", "c", "d", "e"), "and 2 more"},
		{Identity{Version: Version + 1}, "version"},
		{Identity{Version: Version, Build: "b1", Registry: "x", Functions: ours.Functions}, "fingerprints"},
	} {
		if err := ours.Check(test.other); !errors.Is(err, ErrOtherProgram) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("error %v, and it should say %q", err, test.says)
		}
	}
}

func FuzzHandshake(f *testing.F) {
	for _, message := range []any{
		Identity{Version: 1, Build: "b", Functions: []string{"f: int -> int"}, PID: 7},
		Settings{Initializer: "f", Input: []byte{1}},
		Error{Text: "t", Sentinels: []string{"EOF"}},
		Line{Message: "m", Attributes: []Attribute{{"k", 1}, {"l", "v"}}},
	} {
		body, err := Encode(message)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Add([]byte{0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, body []byte) {
		reread(t, body, Decode[Identity])
		reread(t, body, Decode[Settings])
		reread(t, body, Decode[Error])
		if who, err := Decode[Identity](body); err == nil {
			_ = who.Check(Identity{Version: Version})
		}
		_, _ = Decode[Line](body)
	})
}

// reread checks that what was understood is written and understood again.
func reread[T any](t *testing.T, body []byte, decode func([]byte) (T, error)) {
	message, err := decode(body)
	if err != nil {
		return
	}
	again, err := Encode(message)
	if err != nil {
		t.Fatal(err)
	}
	second, err := decode(again)
	if err != nil || !reflect.DeepEqual(message, second) {
		t.Fatalf("%+v came back as %+v, error %v", message, second, err)
	}
}
