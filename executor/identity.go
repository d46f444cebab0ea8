package executor

import (
	"bytes"
	"encoding/binary"
	"os"
	"runtime"
	"runtime/debug"
	"sync"

	"github.com/goaio/aio/executor/internal/process"
	"github.com/goaio/aio/executor/internal/wire"
)

// identity is which program this process is.
func identity() wire.Identity {
	signatures := registered.signatures()
	return wire.Identity{
		Version: wire.Version, Build: build(), Registry: wire.Fingerprint(signatures), Functions: signatures, PID: os.Getpid(),
	}
}

// build tells binaries apart: the build ID that the linker wrote into the
// file, a hash of all that went into it.
var build = sync.OnceValue(func() string {
	if id := buildID(); id != "" {
		return id
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return runtime.Version()
	}
	return wire.Fingerprint([]string{runtime.Version(), info.String()})
})

// buildID finds the note near the beginning of an ELF file.
func buildID() string {
	path, err := process.Self()
	if err != nil {
		return ""
	}
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	begin := make([]byte, 32<<10)
	n, _ := file.Read(begin)
	begin = begin[:n]
	// A note is the sizes of its name and its content, a type, the name and the
	// content; the linker's type is 4.
	name := []byte("\x04\x00\x00\x00Go\x00\x00")
	at := bytes.Index(begin, name)
	if at < 8 || binary.LittleEndian.Uint32(begin[at-8:]) != 4 {
		return ""
	}
	size := int(binary.LittleEndian.Uint32(begin[at-4:]))
	content := begin[at+len(name):]
	if size > len(content) {
		return ""
	}
	return wire.Fingerprint([]string{string(content[:size])})
}
