package aiotest

import (
	"context"
	"os"
	"strconv"
	"testing"
)

// Seed is the environment variable that has [Shuffled] run one seed only.
const Seed = "AIOTEST_SEED"

// Shuffled is [Run] with n seeds for [Shuffle], from 0 on. It stops at the
// first that fails and says how to run that one again:
//
//	AIOTEST_SEED=17 go test -run TestName
func Shuffled(t testing.TB, n int, fn func(ctx context.Context), options ...Option) {
	t.Helper()
	first := 0
	if text := os.Getenv(Seed); text != "" {
		seed, err := strconv.Atoi(text)
		if err != nil {
			t.Fatalf("aiotest: %s=%q is not a number", Seed, text)
		}
		first, n = seed, 1
	}
	for seed := first; seed < first+n; seed++ {
		func() {
			// Deferred, for t.FailNow leaves Run by Goexit.
			defer func() {
				if t.Failed() {
					t.Logf("aiotest: failed with this order of tasks; again with %s=%d go test -run '^%s$'", Seed, seed, t.Name())
				}
			}()
			Run(t, fn, append(options[:len(options):len(options)], Shuffle(uint64(seed)))...)
		}()
		if t.Failed() {
			return
		}
	}
}
