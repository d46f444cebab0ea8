//go:build linux

package load

import (
	"bytes"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const bulkSize = 3*period + 17

func bulkBytes(t *testing.T) []byte {
	t.Helper()
	var content bytes.Buffer
	if err := WriteBulk(&content, bulkSize); err != nil {
		t.Fatal(err)
	}
	if content.Len() != bulkSize {
		t.Fatalf("%d bytes, want %d", content.Len(), bulkSize)
	}
	return content.Bytes()
}

func TestDownload(t *testing.T) {
	content := bulkBytes(t)
	changed := bytes.Clone(content)
	changed[2*period+5] ^= 1
	for name, test := range map[string]struct {
		sends   []byte
		compare bool
		want    string // in the error
	}{
		"whole":              {content, true, ""},
		"whole, discarded":   {content, false, ""},
		"a byte changed":     {changed, true, "other bytes"},
		"too few":            {content[:bulkSize-1], true, "want 196625"},
		"too few, discarded": {content[:bulkSize-1], false, "want 196625"},
		"too many":           {append(bytes.Clone(content), 0), false, "more than 196625"},
	} {
		t.Run(name, func(t *testing.T) {
			address := serve(t, func(conn net.Conn) { conn.Write(test.sends) })
			elapsed, err := Download(address, bulkSize, test.compare)
			if test.want == "" && (err != nil || elapsed <= 0) {
				t.Errorf("took %v, error %v", elapsed, err)
			}
			if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

func TestSinkThroughAProxy(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "bulk"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := WriteBulk(file, bulkSize); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		hand func(backend io.Writer, client io.Reader)
		want string // in the error
	}{
		"honest":     {func(backend io.Writer, client io.Reader) { io.Copy(backend, client) }, ""},
		"cut short":  {func(backend io.Writer, client io.Reader) { io.CopyN(backend, client, 1000) }, "1000 bytes came"},
		"shifted":    {func(backend io.Writer, client io.Reader) { io.CopyN(io.Discard, client, 1); io.Copy(backend, client) }, "other bytes"},
		"adds bytes": {func(backend io.Writer, client io.Reader) { io.Copy(backend, client); backend.Write([]byte{0}) }, "other bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			sink, err := NewSink()
			if err != nil {
				t.Fatal(err)
			}
			defer sink.Close()
			proxy := serve(t, func(client net.Conn) {
				backend, err := net.Dial("tcp", sink.Address.String())
				if err != nil {
					return
				}
				defer backend.Close()
				test.hand(backend, client)
			})
			for _, compare := range []bool{true, false} {
				_, err = sink.Through(proxy, file, bulkSize, compare)
				if test.want == "" && err != nil {
					t.Error(err)
				}
				if compare && test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
					t.Errorf("error %v, want %q", err, test.want)
				}
				if !compare && test.want != "" && err == nil {
					t.Error("the wrong length went unnoticed")
				}
			}
		})
	}
}

func TestSinkWithoutAProxy(t *testing.T) {
	sink, err := NewSink()
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	if _, err := sink.Through(netip.MustParseAddrPort("127.0.0.1:1"), os.Stdin, 1, true); err == nil {
		t.Error("went through nothing")
	}
}
