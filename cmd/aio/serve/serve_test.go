//go:build unix && !aix

package serve

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// transcript is what the command writes; a test waits for parts of it.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{}
}

func (s *transcript) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case s.more <- struct{}{}:
	default:
	}
	return s.text.Write(p)
}

func (s *transcript) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func (s *transcript) wait(t *testing.T, pattern string) []string {
	t.Helper()
	for timeout := time.After(10 * time.Second); ; {
		if found := regexp.MustCompile(pattern).FindStringSubmatch(s.String()); found != nil {
			return found
		}
		select {
		case <-s.more:
		case <-timeout:
			t.Fatalf("no %q in\n%s", pattern, s)
		}
	}
}

// start runs the command until the test ends, and returns its URL.
func start(t *testing.T, arguments ...string) (url string, said *transcript) {
	t.Helper()
	s, err := parse(append(arguments, "--addr", "localhost:0"))
	if err != nil {
		t.Fatal(err)
	}
	said = &transcript{more: make(chan struct{}, 1)}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.run(ctx, said) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if !strings.Contains(said.String(), "stopping") {
			t.Error("it does not say that it stops")
		}
	})
	return said.wait(t, `(https?://\S+)/\n`)[1], said
}

func curl(t *testing.T, arguments ...string) string {
	t.Helper()
	out, err := exec.Command("curl", append([]string{"-sS", "--path-as-is", "--noproxy", "*"}, arguments...)...).CombinedOutput()
	if err != nil {
		t.Errorf("curl %q: %v %s", arguments, err, out)
	}
	return string(out)
}

// tree is a folder with what could be wrong in one.
func tree(t *testing.T) (folder string) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("needs curl: apt-get install curl")
	}
	folder = filepath.Join(t.TempDir(), "public")
	for name, text := range map[string]string{
		"../secret": "secret", "a.txt": "hello", "large": strings.Repeat("0123456789", 300_000), ".hidden": "hidden", ".git/config": "hidden",
		"sub/deep/x.html": "<p>x", "site/index.html": "<p>index", "a b<c>:#?%.txt": "odd", "κόσμε.txt": "world", "javascript:alert(1)": "no",
	} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"out": "../secret", "absolute": "/etc/passwd", "within": "a.txt", "nowhere": "x"} {
		if err := os.Symlink(to, filepath.Join(folder, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(folder, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestServe(t *testing.T) {
	url, said := start(t, tree(t))
	for _, c := range []struct {
		path string
		want string // the status, and where it leads
	}{
		{"/", "200"}, {"/a.txt", "200"}, {"/within", "200"}, {"/sub/", "200"}, {"/sub/deep/x.html", "200"}, {"/%CE%BA%CF%8C%CF%83%CE%BC%CE%B5.txt", "200"},
		{"/sub", "301 /sub/"}, {"/sub?q=1", "301 /sub/?q=1"}, {"/a.txt/", "301 /a.txt"}, {"//sub", "301 /sub/"},
		{"/none", "404"}, {"/.hidden", "404"}, {"/.git/config", "404"}, {"/.git/", "404"}, {"/sub/../.hidden", "404"},
		{"/../secret", "404"}, {"/%2e%2e/secret", "404"}, {"/..%2fsecret", "404"}, {"/sub/../../secret", "404"}, {"/out", "404"}, {"/absolute", "404"},
		{"/nowhere", "404"}, {"/a.txt/x", "404"}, {"/a%00.txt", "404"}, {"/pipe", "403"},
	} {
		got := strings.TrimSpace(curl(t, "-o", "/dev/null", "-w", "%{http_code} %{redirect_url}", url+c.path))
		if got = strings.ReplaceAll(got, url, ""); got != c.want {
			t.Errorf("%s: %s, want %s", c.path, got, c.want)
		}
	}
	if got := curl(t, url+"/a.txt"); got != "hello" {
		t.Error(got)
	}
	if got := curl(t, "-r", "1000005-1000014", url+"/large"); got != "5678901234" {
		t.Error(got)
	}
	if got := curl(t, "-r", "3000000-", "-o", "/dev/null", "-w", "%{http_code}", url+"/large"); got != "416" {
		t.Error(got)
	}
	if got := curl(t, "-L", url+"/site"); got != "<p>index" {
		t.Error(got)
	}
	if got := curl(t, "-d", "x", url+"/a.txt"); !strings.Contains(got, "nothing else") {
		t.Error(got)
	}
	if got := curl(t, "-I", url+"/a.txt"); !strings.Contains(got, "Content-Length: 5\r\n") || !strings.Contains(got, "nosniff") {
		t.Error(got)
	}
	said.wait(t, `200  GET  /a\.txt  5 B in `)
	said.wait(t, `206  GET  /large  10 B in `)
	said.wait(t, `404  GET  /none  `)
}

// Every link of a list leads to what it names.
func TestListing(t *testing.T) {
	url, _ := start(t, tree(t))
	page := curl(t, url+"/")
	links := regexp.MustCompile(`<td><a (?:class="folder" )?href="([^"]*)">([^<]*)</a>`).FindAllStringSubmatch(page, -1)
	names := []string{}
	for _, link := range links {
		names = append(names, link[2])
		if got := curl(t, "-o", "/dev/null", "-w", "%{http_code}", url+"/"+link[1]); got != "200" {
			t.Errorf("%s (%s): %s", link[2], link[1], got)
		}
	}
	if want := "site/ sub/ a b&lt;c&gt;:#?%.txt a.txt javascript:alert(1) large within κόσμε.txt"; strings.Join(names, " ") != want {
		t.Errorf("%s\nwant %s", strings.Join(names, " "), want)
	}
	if !strings.Contains(page, "2 folders, 6 files, 3.0 MB") {
		t.Error(page)
	}
	if deep := curl(t, url+"/sub/deep/"); !strings.Contains(deep, `<a href="./../../">Home</a> / <a href="./../">sub</a> / <a href="./">deep</a>`) {
		t.Error(deep)
	}
	if got := curl(t, "-I", url+"/"); !strings.Contains(got, "default-src 'none'") {
		t.Error(got)
	}
}

func TestHiddenAndQuiet(t *testing.T) {
	url, said := start(t, "--hidden", tree(t), "--quiet")
	if got := curl(t, url+"/.hidden"); got != "hidden" {
		t.Error(got)
	}
	if got := curl(t, url+"/"); !strings.Contains(got, ".git/") {
		t.Error(got)
	}
	if strings.Contains(said.String(), "GET") {
		t.Error(said)
	}
}

func TestTLS(t *testing.T) {
	url, said := start(t, "--tls", tree(t))
	if !strings.HasPrefix(url, "https://") || !strings.Contains(said.String(), "browsers warn") {
		t.Error(url, said)
	}
	if got := curl(t, "-k", url+"/large"); len(got) != 3_000_000 {
		t.Errorf("%d bytes", len(got))
	}
	out, err := exec.Command("curl", "-sS", url).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "certificate") {
		t.Errorf("%s, %v", out, err)
	}
	// One from files.
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("the rest needs openssl: apt-get install openssl")
	}
	folder := t.TempDir()
	certificate, key := filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	out, err = exec.Command("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
		"-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate).CombinedOutput()
	if err != nil {
		t.Fatalf("%v %s", err, out)
	}
	url, _ = start(t, tree(t), "--tls-cert", certificate, "--tls-key="+key)
	if got := curl(t, "--cacert", certificate, url+"/a.txt"); got != "hello" {
		t.Error(got)
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	folder := tree(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, c := range []struct {
		arguments []string
		status    int
		says      string
	}{
		{[]string{"--help"}, 0, "usage"},
		{[]string{filepath.Join(folder, "none")}, 1, "there is no folder"},
		{[]string{filepath.Join(folder, "a.txt")}, 1, "is a file; serve the folder that it is in: aio serve " + folder},
		{[]string{folder, "--addr", taken.Addr().String()}, 1, "is in use by another program; choose another one"},
		{[]string{folder, "--addr", "192.0.2.1:0"}, 1, "no address of this machine"},
		{[]string{folder, "--addr", "8080"}, 2, "HOST:PORT"},
		{[]string{folder, "--tls-cert", "x"}, 2, "go together"},
		{[]string{folder, "--tls-cert", "none.pem", "--tls-key", "none.pem"}, 1, "the certificate: open none.pem"},
		{[]string{folder, folder}, 2, "one folder"},
		{[]string{"--port", "80"}, 2, "-port"},
	} {
		var said bytes.Buffer
		if status := Main(c.arguments, &said, &said); status != c.status || !strings.Contains(said.String(), c.says) {
			t.Errorf("%q: status %d\n%s", c.arguments, status, &said)
		}
	}
}

func TestSizes(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.0 kB", 9949: "9.9 kB", 9999: "10 kB", 999_499: "999 kB", 999_500: "1.0 MB", 1 << 62: "4.6 EB"} {
		if got := size(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{0: "0s", 1234 * time.Nanosecond: "1.2µs", 1_234_567: "1.2ms", 12 * time.Second: "12s"} {
		if got := took(d); got != want {
			t.Errorf("%d: %s, want %s", d, got, want)
		}
	}
	if got := printable("a\x1b[31m\u009bb"); got != "a?[31m?b" {
		t.Errorf("%q", got)
	}
}
