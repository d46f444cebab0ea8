//go:build unix && !aix

package aiohttp_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiohttp"
	"github.com/goaio/aio/aionet"
)

// Many requests of one task each, of which eight at most are under way.
func ExampleTransport() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "page ", r.URL.Path)
	}))
	defer server.Close()
	client := &http.Client{Transport: &aiohttp.Transport{MaxConnsPerHost: 8}}
	get := func(ctx context.Context, url string) (string, error) {
		request, err := http.NewRequestWithContext(ctx, "GET", url, nil)
		if err != nil {
			return "", err
		}
		response, err := client.Do(request)
		if err != nil {
			return "", err
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		return string(text), err
	}
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		var pages []*aio.Task[string]
		for i := range 100 {
			pages = append(pages, aio.Async(ctx, func(ctx context.Context) (string, error) {
				return get(ctx, fmt.Sprintf("%s/%d", server.URL, i))
			}))
		}
		for _, page := range pages[97:] {
			text, err := page.Await(ctx)
			fmt.Println(text, err)
		}
		return nil
	})
	fmt.Println(err)
	// Output:
	// page /97 <nil>
	// page /98 <nil>
	// page /99 <nil>
	// <nil>
}

// A server that listens on a Unix socket, such as Docker's.
func ExampleTransport_unix() {
	client := &http.Client{Transport: &aiohttp.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return aionet.Dial(ctx, "unix", "/run/docker.sock")
		},
	}}
	_, _ = client.Get("http://docker/version")
}
