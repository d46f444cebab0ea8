package aio

import (
	"context"
	"strings"
	"testing"
)

func TestLookupPort(t *testing.T) {
	look := func(ctx context.Context) {
		for service, want := range map[string]int{"80": 80, "0": 0, "http": 80, "https": 443} {
			if port, err := LookupPort(ctx, "tcp", service); port != want || err != nil {
				t.Errorf("%s is %d, %v", service, port, err)
			}
		}
		for _, service := range []string{"65536", "-1", "no such service"} {
			if _, err := LookupPort(ctx, "tcp", service); err == nil || !strings.Contains(err.Error(), service) {
				t.Errorf("%s: %v", service, err)
			}
		}
	}
	look(context.Background())
	if err := Run(context.Background(), func(ctx context.Context) error { look(ctx); return nil }); err != nil {
		t.Error(err)
	}
}
