//go:build unix && !aix

package aiohttp

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// peer starts a server of others and waits until it listens.
func peer(t *testing.T, port int, command ...string) {
	t.Helper()
	if _, err := exec.LookPath(command[0]); err != nil {
		t.Skipf("%s is not installed", command[0])
	}
	c := exec.Command(command[0], command[1:]...)
	var said strings.Builder
	c.Stderr = &said
	stdin, err := c.StdinPipe() // some servers end with it
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	eventually(t, strings.Join(command, " "), func() bool {
		conn, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
}

func freePort(t *testing.T) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// files are what the peers serve.
func files(t *testing.T) string {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"small.txt": "hello",
		"empty.txt": "",
		"large.txt": strings.Repeat("0123456789", 300_000),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	return folder
}

// ask makes requests of a file server.
func ask(t *testing.T, ctx context.Context, transport *Transport, base string) {
	for _, c := range []struct {
		method, path, field, value string
		status, length             int
	}{
		{"GET", "/small.txt", "", "", 200, 5},
		{"GET", "/empty.txt", "", "", 200, 0},
		{"GET", "/large.txt", "", "", 200, 3_000_000},
		{"HEAD", "/large.txt", "", "", 200, 0},
		{"GET", "/none.txt", "", "", 404, -1},
		{"GET", "/large.txt", "If-Modified-Since", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat), 304, 0},
	} {
		request, err := http.NewRequestWithContext(ctx, c.method, base+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.field != "" {
			request.Header.Set(c.field, c.value)
		}
		response, err := transport.RoundTrip(request)
		if err != nil {
			t.Fatalf("%s %s: %v", c.method, c.path, err)
		}
		text, err := io.ReadAll(response.Body)
		if err != nil || response.StatusCode != c.status || c.length >= 0 && len(text) != c.length {
			t.Errorf("%s %s: %s, %d bytes, %v", c.method, c.path, response.Status, len(text), err)
		}
		_ = response.Body.Close()
	}
}

func TestPythonsServer(t *testing.T) {
	port := freePort(t)
	peer(t, port, "python3", "-m", "http.server", "--bind", "127.0.0.1", "--directory", files(t), strconv.Itoa(port))
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		ask(t, ctx, transport, "http://127.0.0.1:"+strconv.Itoa(port))
	})
}

func TestNginx(t *testing.T) {
	folder, port := files(t), freePort(t)
	config := filepath.Join(t.TempDir(), "nginx.conf")
	text := fmt.Sprintf(`
daemon off; master_process off; error_log stderr; pid %[1]s.pid;
events {}
http {
	access_log off; client_body_temp_path %[1]s.body; proxy_temp_path %[1]s.proxy; fastcgi_temp_path %[1]s.fast;
	uwsgi_temp_path %[1]s.uwsgi; scgi_temp_path %[1]s.scgi;
	if_modified_since before; gzip on; gzip_min_length 1; gzip_types *;
	types { text/plain txt; }
	server { listen 127.0.0.1:%[2]d; root %[3]s; location /refuse { return 413 "no"; keepalive_timeout 200ms; } keepalive_requests 1000; }
}`, config, port, folder)
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	peer(t, port, "nginx", "-c", config)
	base := "http://127.0.0.1:" + strconv.Itoa(port)
	everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
		ask(t, ctx, transport, base)
		ask(t, ctx, transport, base)
		if open, idle, _ := transport.pool.counts(); open != 1 || idle != 1 {
			t.Errorf("%d connections, %d idle", open, idle)
		}
		response, body, err := fetch(ctx, transport, "GET", base+"/large.txt", nil)
		if err != nil || !response.Uncompressed || len(body) != 3_000_000 {
			t.Errorf("%v, %d bytes, %v", response, len(body), err)
		}
		// An answer before the body was sent, and a connection that nginx closes
		// after a while of silence.
		response, body, err = fetch(ctx, transport, "POST", base+"/refuse", strings.NewReader(strings.Repeat("x", 1<<20)))
		if err != nil || response.StatusCode != 413 || body != "no" {
			t.Errorf("%v %q %v", response, body, err)
		}
		eventually(t, "nginx closes the idle connection", func() bool {
			open, _, _ := transport.pool.counts()
			return open == 0 || ctx != context.Background() // the loop stands still in a task
		})
	})
}

// selfSigned makes a key and a certificate.
func selfSigned(t *testing.T) (key, certificate string) {
	folder := t.TempDir()
	key, certificate = filepath.Join(folder, "key.pem"), filepath.Join(folder, "cert.pem")
	if out, err := exec.Command("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
		"-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate).CombinedOutput(); err != nil {
		t.Skipf("openssl: %v %s", err, out)
	}
	return key, certificate
}

func TestOpenSSL(t *testing.T) {
	key, certificate := selfSigned(t)
	for _, version := range []string{"-tls1_2", "-tls1_3"} {
		port := freePort(t)
		peer(t, port, "openssl", "s_server", "-quiet", "-www", "-accept", "127.0.0.1:"+strconv.Itoa(port), "-key", key, "-cert", certificate, version)
		everywhere(t, func(t *testing.T, ctx context.Context, transport *Transport) {
			transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
			for range 2 {
				response, text, err := fetch(ctx, transport, "GET", "https://127.0.0.1:"+strconv.Itoa(port)+"/", nil)
				if err != nil || response.StatusCode != 200 || !strings.Contains(text, "s_server") {
					t.Errorf("%s: %v, %d bytes, %v", version, response, len(text), err)
				}
			}
		})
	}
}
