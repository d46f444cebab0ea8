//go:build unix && !aix

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"

	"golang.org/x/net/html"

	"github.com/goaio/aio"
)

// A crawler follows the links of a site. Its state is plain, without a lock, for
// all its tasks are on one loop.
type crawler struct {
	client   *http.Client
	workers  int
	limit    int            // pages in all
	requests *aio.Semaphore // under way

	site     *url.URL
	frontier *aio.Queue[page]
	seen     map[string]bool
	done     int
	bytes    int64
	broken   []broken
}

// page is an address in the frontier, and where it was found.
type page struct{ address, from string }

// broken is a link that leads nowhere.
type broken struct {
	page
	err error
}

// Of one page no more is read.
const maxPage = 1 << 20

func newCrawler(client *http.Client, workers, limit, requests int) *crawler {
	return &crawler{client: client, workers: workers, limit: limit, requests: aio.NewSemaphore(requests), seen: map[string]bool{}}
}

// crawl visits every page of the site that can be reached from start, up to the
// limit. A cancel ends it and leaves no task behind.
func (c *crawler) crawl(ctx context.Context, start string) error {
	site, err := url.Parse(start)
	if err != nil {
		return err
	}
	c.site = site
	// No address is put in twice, and never more than the limit: the frontier is
	// bounded, and who finds links need not wait for those who follow them.
	c.frontier = aio.NewQueue[page](c.limit)
	if err := c.found(page{start, ""}); err != nil {
		return err
	}
	return aio.Group(ctx, func(ctx context.Context) error {
		for range c.workers {
			aio.Go(ctx, c.work)
		}
		if err := c.frontier.Join(ctx); err != nil {
			return err
		}
		c.frontier.Shutdown(true)
		return nil
	})
}

// work visits pages until there are no more.
func (c *crawler) work(ctx context.Context) error {
	for p, err := range c.frontier.All(ctx) {
		if err != nil {
			return err
		}
		if err := c.visit(ctx, p); aio.IsCancelled(err) {
			return err
		} else if err != nil {
			c.broken = append(c.broken, broken{p, err})
		}
		c.done++
		if err := c.frontier.TaskDone(); err != nil {
			return err
		}
	}
	return nil
}

// visit reads a page and puts its links into the frontier.
func (c *crawler) visit(ctx context.Context, p page) error {
	if err := c.requests.Acquire(ctx); err != nil {
		return err
	}
	defer c.requests.Release()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.address, nil)
	if err != nil {
		return err
	}
	response, err := c.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	body := &counted{Reader: io.LimitReader(response.Body, maxPage), n: &c.bytes}
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if kind != "text/html" {
		_, err := io.Copy(io.Discard, body)
		return err
	}
	// A redirect may have led elsewhere.
	return c.links(body, response.Request.URL)
}

func (c *crawler) links(body io.Reader, at *url.URL) error {
	tokens := html.NewTokenizer(body)
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			if err := tokens.Err(); err != io.EOF {
				return err
			}
			return nil
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := tokens.TagName()
			for string(name) == "a" && more {
				var key, value []byte
				if key, value, more = tokens.TagAttr(); string(key) != "href" {
					continue
				}
				to, err := at.Parse(string(value))
				if err != nil || to.Host != c.site.Host || to.Scheme != "http" && to.Scheme != "https" {
					continue
				}
				to.Fragment = ""
				if err := c.found(page{to.String(), at.String()}); err != nil {
					return err
				}
			}
		}
	}
}

// found puts an address into the frontier that was not there before.
func (c *crawler) found(p page) error {
	if c.seen[p.address] || len(c.seen) >= c.limit {
		return nil
	}
	c.seen[p.address] = true
	return c.frontier.PutNoWait(p)
}

// counted counts the bytes that are read.
type counted struct {
	io.Reader
	n *int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	*c.n += int64(n)
	return n, err
}

func (b broken) String() string {
	if b.from == "" {
		return fmt.Sprintf("%s: %v", b.address, b.err)
	}
	return fmt.Sprintf("%s, linked from %s: %v", b.address, b.from, b.err)
}
