//go:build unix && !aix

package aiohttp

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/goaio/aio"
)

// The value of Date is that of the second, and of the next one a second later.
func TestDateValue(t *testing.T) {
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		p := here()
		if p != here() {
			t.Error("a loop has two")
		}
		var last time.Time
		for range 2 {
			before := time.Now().Truncate(time.Second)
			got, err := http.ParseTime(string(p.dateValue()))
			if after := time.Now(); err != nil || got.Before(before) || got.After(after) || got.Before(last) {
				t.Errorf("%v (%v) between %v and %v, and not before %v", got, err, before, after, last)
			}
			if again := p.dateValue(); &again[0] != &(*p.date.Load())[0] {
				t.Error("it is made anew in the same second")
			}
			last = got
			for p.date.Load() != nil {
				if err := aio.Sleep(ctx, time.Millisecond); err != nil {
					return err
				}
			}
		}
		return nil
	}, aio.NoInterrupt())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := http.ParseTime(string(here().dateValue())); err != nil {
		t.Error("without a loop:", err)
	}
}
