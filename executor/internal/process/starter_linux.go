package process

import (
	"runtime"
	"sync"
)

// starter is the thread that starts processes. The kernel sends the signal of a
// parent's death when the thread ends that started the child, so it must be one
// that lives as long as any child.
var starter struct {
	mu    sync.Mutex
	users int
	jobs  chan func()
}

// onStarter runs fn on the thread, which is kept until as many calls of
// leaveStarter.
func onStarter(fn func()) {
	starter.mu.Lock()
	if starter.users == 0 {
		starter.jobs = make(chan func())
		go serveStarter(starter.jobs)
	}
	starter.users++
	jobs := starter.jobs
	starter.mu.Unlock()
	ended := make(chan struct{})
	jobs <- func() {
		defer close(ended)
		fn()
	}
	<-ended
}

func leaveStarter() {
	starter.mu.Lock()
	defer starter.mu.Unlock()
	starter.users--
	if starter.users == 0 {
		close(starter.jobs)
	}
}

func serveStarter(jobs chan func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread() // no child is left, and the thread stays for others
	for job := range jobs {
		job()
	}
}
