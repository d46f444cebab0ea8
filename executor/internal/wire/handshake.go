package wire

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Version is that of the protocol. It changes with any of its frames.
const Version = 2

// Identity is what a Hello says: which program it is.
type Identity struct {
	Version   uint32   `cbor:"1,keyasint"`
	Build     string   `cbor:"2,keyasint"` // of the binary
	Registry  string   `cbor:"3,keyasint"` // Fingerprint of Functions
	Functions []string `cbor:"4,keyasint"` // signatures, sorted
	PID       int      `cbor:"5,keyasint"`
}

// Fingerprint is a short hash of signatures.
func Fingerprint(signatures []string) string {
	h := sha256.New()
	for _, s := range signatures {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// ErrOtherProgram says that a worker was built from other code than its pool.
var ErrOtherProgram = errors.New("the worker was built from other code")

// Check says why other is not the same program.
func (i Identity) Check(other Identity) error {
	if i.Version != other.Version {
		return fmt.Errorf("%w: it speaks version %d of the protocol, and the pool %d", ErrOtherProgram, other.Version, i.Version)
	}
	if i.Registry != other.Registry || !slices.Equal(i.Functions, other.Functions) {
		return fmt.Errorf("%w: %s; register functions in package variables, before executor.Main", ErrOtherProgram, difference(i.Functions, other.Functions))
	}
	if i.Build != other.Build {
		return fmt.Errorf("%w: it is build %s, and the pool %s", ErrOtherProgram, other.Build, i.Build)
	}
	return nil
}

// difference says in words how two sorted lists of signatures differ.
func difference(pool, worker []string) string {
	only := func(a, b []string) []string {
		var found []string
		for _, s := range a {
			if _, ok := slices.BinarySearch(b, s); !ok {
				found = append(found, fmt.Sprintf("%q", s))
			}
		}
		return found
	}
	var parts []string
	for _, side := range []struct {
		who  string
		what []string
	}{{"only the pool has", only(pool, worker)}, {"only the worker has", only(worker, pool)}} {
		if n := len(side.what); n > 3 {
			parts = append(parts, fmt.Sprintf("%s %s and %d more", side.who, strings.Join(side.what[:3], ", "), n-3))
		} else if n > 0 {
			parts = append(parts, side.who+" "+strings.Join(side.what, ", "))
		}
	}
	if parts == nil {
		return "their fingerprints differ"
	}
	return strings.Join(parts, "; ")
}

// Settings is what a Welcome says: how a worker sets itself up.
type Settings struct {
	Initializer string `cbor:"1,keyasint"` // the function to run first, "" for none
	Input       []byte `cbor:"2,keyasint"` // for the initializer
	LogLevel    int    `cbor:"3,keyasint"`
	Nice        int    `cbor:"4,keyasint"`
}

// Error is the body of a Failure.
type Error struct {
	Text      string   `cbor:"1,keyasint"`
	Type      string   `cbor:"2,keyasint"`
	Stack     string   `cbor:"3,keyasint"`
	Panic     bool     `cbor:"4,keyasint"`
	Sentinels []string `cbor:"5,keyasint"` // registered errors that it wraps
	Unknown   bool     `cbor:"6,keyasint"` // there is no function of that name
}

// Line is the body of a Log.
type Line struct {
	Nanoseconds int64       `cbor:"1,keyasint"` // since 1970
	Level       int         `cbor:"2,keyasint"`
	Message     string      `cbor:"3,keyasint"`
	Attributes  []Attribute `cbor:"4,keyasint"`
}

// Attribute is one of a Line: a value of CBOR, or its text.
type Attribute struct {
	Key   string `cbor:"1,keyasint"`
	Value any    `cbor:"2,keyasint"`
}
