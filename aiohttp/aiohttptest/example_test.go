//go:build unix && !aix

package aiohttptest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiohttp/aiohttptest"
)

func ExampleRun() {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = aio.Sleep(r.Context(), time.Hour) // takes no time
		fmt.Fprint(w, "hello ", r.URL.Query().Get("name"))
	})
	TestHello := func(t *testing.T) {
		aiohttptest.Run(t, handler, func(ctx context.Context, client *http.Client) {
			response, err := client.Get("/?name=you")
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			if text, _ := io.ReadAll(response.Body); string(text) != "hello you" {
				t.Errorf("%q", text)
			}
		})
	}
	_ = TestHello
}
