package goroutines

import (
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

const sample = `goroutine 18 [sync.Mutex.Lock, 2 minutes, locked to thread]:
internal/sync.runtime_SemacquireMutex(0x59d7d7?, 0x8?, 0x0?)
	/usr/local/go/src/runtime/sema.go:95 +0x25
sync.(*Mutex).Lock(...)
	/usr/local/go/src/sync/mutex.go:46
example.com/a%2eb.(*Queue[...]).Get(0x6fe060, {0x6f68a8, 0x15c0afcf60e8})
	/home/some one/queue.go:183 +0x24f
main.main.func1()
	C:/src/main.go:9 +0x1
created by iter.Pull[...] in goroutine 6
	/usr/local/go/src/iter/iter.go:271 +0x90

goroutine 1 [running]:
	goroutine running on other thread; stack unavailable

goroutine x [running]:

goroutine 7 [running
`

func TestParse(t *testing.T) {
	all := Parse(sample)
	if len(all) != 2 {
		t.Fatalf("%d goroutines, want 2: %v", len(all), all)
	}
	g := all[0]
	if g.ID != 18 || g.State != "sync.Mutex.Lock" || !g.Locked || g.Creator != "iter.Pull[...]" || g.Parent != 6 {
		t.Errorf("got %+v", g)
	}
	want := []Frame{
		{"internal/sync.runtime_SemacquireMutex", "/usr/local/go/src/runtime/sema.go", 95, "0x59d7d7?, 0x8?, 0x0?"},
		{"sync.(*Mutex).Lock", "/usr/local/go/src/sync/mutex.go", 46, "..."},
		{"example.com/a%2eb.(*Queue[...]).Get", "/home/some one/queue.go", 183, "0x6fe060, {0x6f68a8, 0x15c0afcf60e8}"},
		{"main.main.func1", "C:/src/main.go", 9, ""},
	}
	if !slices.Equal(g.Frames, want) {
		t.Errorf("got frames %+v", g.Frames)
	}
	for i, want := range []uintptr{0, 0, 0x6fe060, 0} {
		if got, ok := g.Frames[i].Receiver(); got != want || ok != (want != 0) {
			t.Errorf("receiver of %s is %#x, %v", g.Frames[i].Function, got, ok)
		}
	}
	if len(all[1].Frames) != 0 || all[1].State != "running" {
		t.Errorf("got %+v", all[1])
	}
}

func TestSelf(t *testing.T) {
	g := Self()
	if g.State != "running" || g.Locked || SelfLocked() || !strings.Contains(g.Text, "TestSelf") {
		t.Errorf("got %+v", g)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if g := Self(); !g.Locked || !SelfLocked() {
		t.Errorf("not locked: %s", g.Text)
	}
}

func TestAll(t *testing.T) {
	var mu sync.Mutex
	var ended sync.WaitGroup
	mu.Lock()
	ended.Go(func() { mu.Lock() })
	found := func() bool {
		return slices.ContainsFunc(All(), func(g Goroutine) bool {
			return g.State == "sync.Mutex.Lock" && strings.Contains(g.Text, "TestAll")
		})
	}
	for !found() {
		runtime.Gosched()
	}
	mu.Unlock()
	ended.Wait()
}

func FuzzParse(f *testing.F) {
	f.Add(sample)
	f.Fuzz(func(t *testing.T, dump string) {
		for _, g := range Parse(dump) {
			for _, frame := range g.Frames {
				frame.Receiver()
			}
			if !strings.Contains(dump, g.Text) {
				t.Errorf("%q is not in the dump", g.Text)
			}
		}
	})
}
