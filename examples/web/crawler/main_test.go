//go:build unix && !aix

package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiohttp"
	"github.com/goaio/aio/aiohttp/aiohttptest"
	"github.com/goaio/aio/aiotest"
	"github.com/goaio/aio/loop"
)

func TestMain(m *testing.M) { aiotest.VerifyMain(m) }

// site has pages /0 to /399, each of which links to two later ones, to itself,
// to another site, and some to a page that is not there.
func site(before func(r *http.Request)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		before(r)
		n, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
		if err != nil || n > 399 {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, "<a href='#top'>top</a> <a href=\"//elsewhere.org/\">other</a>")
		for _, to := range []int{2*n + 1, 2*n + 2} {
			if to <= 399 {
				fmt.Fprintf(w, "<p><a class=x href='/%d#part'>%d</a>", to, to)
			}
		}
		if n%100 == 0 {
			fmt.Fprintf(w, "<a href=gone%d>gone</a>", n)
		}
	})
}

// Under virtual time a page takes a second and the crawl none.
func TestCrawl(t *testing.T) {
	now, most := 0, 0
	handler := site(func(r *http.Request) {
		if now++; now > most {
			most = now
		}
		_ = aio.Sleep(r.Context(), time.Second)
		now--
	})
	aiohttptest.Run(t, handler, func(ctx context.Context, client *http.Client) {
		c := newCrawler(client, 32, 1000, 8)
		start := loop.Of(ctx).Now()
		if err := c.crawl(ctx, "http://example.com/0"); err != nil {
			t.Error(err)
		}
		if c.done != 404 || len(c.broken) != 4 || most != 8 {
			t.Errorf("%d pages, %d at a time, broken: %v", c.done, most, c.broken)
		}
		if took := loop.Of(ctx).Now().Sub(start); took < 51*time.Second || took > 70*time.Second {
			t.Errorf("404 pages, eight at a time, took %v", took)
		}
	})
}

func TestLimit(t *testing.T) {
	aiohttptest.Run(t, site(func(*http.Request) {}), func(ctx context.Context, client *http.Client) {
		c := newCrawler(client, 4, 50, 4)
		if err := c.crawl(ctx, "http://example.com/0"); err != nil || c.done != 50 {
			t.Errorf("%d pages, %v", c.done, err)
		}
	})
}

func TestCancel(t *testing.T) {
	handler := site(func(r *http.Request) { _ = aio.Sleep(r.Context(), time.Second) })
	aiohttptest.Run(t, handler, func(ctx context.Context, client *http.Client) {
		c := newCrawler(client, 8, 1000, 4)
		err := aio.Timeout(ctx, 10*time.Second+time.Millisecond, func(ctx context.Context) error { return c.crawl(ctx, "http://example.com/0") })
		if err == nil || c.done < 20 || c.done > 40 {
			t.Errorf("%d pages, %v", c.done, err)
		}
	})
}

// The whole program against a real server.
func TestRun(t *testing.T) {
	server := httptest.NewServer(site(func(*http.Request) {}))
	defer server.Close()
	transport := &aiohttp.Transport{MaxIdleConnsPerHost: 8}
	var out, bar bytes.Buffer
	c := newCrawler(&http.Client{Transport: transport}, 32, 1000, 8)
	if err := run(context.Background(), c, server.URL+"/0", &out, &bar); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "404 pages") || !strings.Contains(out.String(), "4 broken links") ||
		!strings.Contains(out.String(), "/gone100, linked from "+server.URL+"/100: 404 Not Found") {
		t.Errorf("%s", out.String())
	}
	if !strings.Contains(bar.String(), "["+strings.Repeat("#", 30)+"] 404 of 404 pages, 4 broken, ") {
		t.Errorf("%q", bar.String())
	}
}
