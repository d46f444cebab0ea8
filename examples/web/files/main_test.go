//go:build unix && !aix

package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aionet"
)

func start(t *testing.T, folder string) (url string) {
	ctx, stop := context.WithCancel(context.Background())
	listening, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- aio.Run(ctx, func(ctx context.Context) error {
			l, err := aionet.Listen(ctx, "tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			listening <- "http://" + l.Addr().String()
			return serve(ctx, l, folder)
		}, aio.NoInterrupt())
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; !aio.IsCancelled(err) {
			t.Error(err)
		}
	})
	return <-listening
}

func TestFilesWithCurl(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("needs curl: apt-get install curl")
	}
	above := t.TempDir()
	folder := filepath.Join(above, "public")
	large := strings.Repeat("0123456789", 500_000)
	for name, text := range map[string]string{"../secret": "secret", "a.txt": "hello", "large": large, "sub/page.html": "<p>page"} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../secret", filepath.Join(folder, "way-out")); err != nil {
		t.Fatal(err)
	}
	url := start(t, folder)
	curl := func(arguments ...string) string {
		out, err := exec.Command("curl", append([]string{"-sS", "--path-as-is"}, arguments...)...).CombinedOutput()
		if err != nil {
			t.Errorf("curl %q: %v %s", arguments, err, out)
		}
		return string(out)
	}
	if got := curl(url + "/a.txt"); got != "hello" {
		t.Error(got)
	}
	if got := curl(url + "/large"); got != large {
		t.Errorf("%d bytes", len(got))
	}
	if got := curl("-r", "1234567-1234576", url+"/large"); got != "7890123456" {
		t.Error(got)
	}
	if got := curl(url + "/"); !strings.Contains(got, "a.txt") {
		t.Error(got)
	}
	for _, path := range []string{"/../secret", "/%2e%2e/secret", "/sub/../../secret", "/way-out", "/none"} {
		if got := curl("-o", "/dev/null", "-w", "%{http_code}", url+path); got == "200" {
			t.Errorf("%s is served", path)
		}
	}
}
