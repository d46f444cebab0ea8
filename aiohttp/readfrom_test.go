//go:build unix && !aix

package aiohttp

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/goaio/aio/aionet"
)

// spied is a connection that knows what it has read from files.
type spied struct {
	*aionet.Conn
	sent int64
}

func (s *spied) ReadFrom(r io.Reader) (int64, error) {
	limited, _ := r.(*io.LimitedReader)
	if _, is := limited.R.(io.Seeker); !is && fmt.Sprintf("%T", limited.R) != "os.fileWithoutWriteTo" {
		return 0, fmt.Errorf("%T is not what the system can read", limited.R)
	}
	n, err := s.Conn.ReadFrom(r)
	s.sent += n
	return n, err
}

// spying counts what goes through the connection's ReadFrom, which for a file is
// sendfile: the tests of package aionet see to that.
func spying(sent chan<- int64, h http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := w.(*response).exchange.connection
		conn := c.conn
		spy := &spied{Conn: conn.(*aionet.Conn)}
		c.conn = spy
		h(w, r)
		c.conn = conn
		sent <- spy.sent
	})
}

func TestFilesGoBySendfile(t *testing.T) {
	writeLargeFile(t)
	open := func() *os.File {
		f, err := os.Open(largeFile)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	for name, test := range map[string]struct {
		method, header string
		handler        http.HandlerFunc
		want           int64 // bytes that did not pass through the process
	}{
		"ServeFile": {handler: func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, largeFile) }, want: largeFileSize - sniffed},
		"FileServer": {handler: func(w http.ResponseWriter, r *http.Request) {
			http.FileServer(http.Dir(strings.TrimSuffix(largeFile, "/large.txt"))).ServeHTTP(w, r)
		}, want: largeFileSize - sniffed},
		"a range": {handler: func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, largeFile) },
			header: "Range: bytes=1000-100999\r\n", want: 100_000 - sniffed},
		"a small range": {handler: func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, largeFile) },
			header: "Range: bytes=1000-1999\r\n"},
		"HEAD": {method: "HEAD", handler: func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, largeFile) }},
		"chunked": {handler: func(w http.ResponseWriter, r *http.Request) {
			f := open()
			defer f.Close()
			io.Copy(w, f)
		}},
		"io.Copy": {handler: func(w http.ResponseWriter, r *http.Request) {
			f := open()
			defer f.Close()
			w.Header().Set("Content-Length", fmt.Sprint(largeFileSize))
			if n, err := io.Copy(w, f); n != largeFileSize || err != nil {
				t.Error(n, err)
			}
		}, want: largeFileSize - sniffed},
		"more than was declared": {handler: func(w http.ResponseWriter, r *http.Request) {
			f := open()
			defer f.Close()
			w.Header().Set("Content-Length", "100000")
			if n, err := io.Copy(w, f); n != 100_000 || !errors.Is(err, http.ErrContentLength) {
				t.Error(n, err)
			}
		}, want: 100_000 - sniffed},
		"no file": {handler: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100000")
			io.Copy(w, onlyReader{strings.NewReader(strings.Repeat("x", 100_000))})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, mark func(http.Handler) http.Handler) {
				sent := make(chan int64, 1)
				s := &Server{Handler: mark(spying(sent, test.handler)), Log: silent()}
				address := start(t, s)
				if test.method == "" {
					test.method = "GET"
				}
				roundTrip(t, address, test.method+" /large.txt HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"+test.header+"\r\n")
				if got := <-sent; got != test.want {
					t.Errorf("%d bytes by sendfile, want %d", got, test.want)
				}
			})
		})
	}
}

// A file that the client does not wait for ends the handler, and no more.
func TestAClientThatLeavesDuringAFile(t *testing.T) {
	writeLargeFile(t)
	if err := os.Truncate(largeFile, 64<<20); err != nil {
		t.Fatal(err)
	}
	both(t, func(t *testing.T, mark func(http.Handler) http.Handler) {
		ended := make(chan error, 1)
		address := start(t, &Server{Log: silent(), Handler: mark(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			f, err := os.Open(largeFile)
			if err != nil {
				t.Error(err)
			}
			defer f.Close()
			w.Header().Set("Content-Length", fmt.Sprint(64<<20))
			_, err = io.Copy(w, f)
			ended <- err
		}))})
		c := dial(t, address)
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		io.CopyN(io.Discard, c, 1<<20)
		c.Close()
		if err := <-ended; err == nil {
			t.Error("no error")
		}
	})
}
