package executor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/executor/internal/process"
)

// startWorkers starts as many workers as the queue and MinWorkers ask for. p.mu
// is locked.
func (p *ProcessPool) startWorkers() {
	wanted := p.queue.n - p.starting
	if p.refusal == nil {
		wanted = max(wanted, p.options.MinWorkers-p.active)
	}
	for range min(wanted, p.options.Workers-p.active) {
		p.startOne()
	}
}

// startRetries are how many starts in a row may fail before the calls that wait
// fail as well.
const startRetries = 10

// startWorker starts a worker and hands it its first job.
func (p *ProcessPool) startWorker() {
	w, err := p.launch()
	if err == nil {
		err = w.greet()
		if err == nil {
			return
		}
		if w.reason == nil || !errors.Is(err, w.reason) {
			err = fmt.Errorf("%w (%s)", err, w.status.Text)
		}
		if said := w.stderr.String(); said != "" {
			err = fmt.Errorf("%w; its standard error ended with:\n%s", err, said)
		}
	}
	p.startFailed(err)
}

// startFailed is called when a start has failed and left nothing behind. A
// program that cannot be its own worker makes the pool useless; anything else
// may pass.
func (p *ProcessPool) startFailed(err error) {
	err = fmt.Errorf("executor: start a worker: %w", err)
	p.mu.Lock()
	p.starting--
	p.active--
	p.failures++
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		p.failures = startRetries // it will not pass soon
	}
	var failed []*job
	if errors.Is(err, ErrNoMain) || errors.Is(err, ErrOtherProgram) || errors.Is(err, errInitializer) {
		err = fmt.Errorf("%w: %w", aio.ErrBroken, err)
		if p.refusal == nil {
			p.refusal = err
			p.refuseLine()
		}
		failed = p.dropQueue()
	} else if p.failures >= startRetries && p.active == p.starting {
		p.failures = 0
		failed = p.dropQueue()
	}
	p.startEnded(err)
	again := p.queue.n > 0
	pause := time.Millisecond << min(p.failures, startRetries)
	p.checkOver()
	p.mu.Unlock()
	for _, j := range failed {
		p.fail(j, err)
	}
	if again {
		time.AfterFunc(pause, func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.startWorkers()
		})
	}
}

// dropQueue ends the jobs that wait, which the caller fails.
func (p *ProcessPool) dropQueue() []*job {
	var dropped []*job
	for j := p.queue.pop(); j != nil; j = p.queue.pop() {
		p.finish(j, neverRan)
		dropped = append(dropped, j)
	}
	return dropped
}

// launch starts a process. It then has a reaper, which closes w.reaped.
func (p *ProcessPool) launch() (*workerProcess, error) {
	var opened []*os.File
	defer func() {
		for _, f := range opened {
			f.Close()
		}
	}()
	path := p.options.Executable
	if path == "" {
		var err error
		if path, err = process.Self(); err != nil {
			return nil, err
		}
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	opened = append(opened, null)
	controlThere, control, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	opened = append(opened, controlThere)
	stderr, stderrThere, err := os.Pipe()
	if err != nil {
		control.Close()
		return nil, err
	}
	opened = append(opened, stderrThere)
	w := &workerProcess{pool: p, control: control, reaped: make(chan struct{})}
	w.stderr = stderrTail{pipe: stderr, to: p.options.Stderr, ended: make(chan struct{})}
	socket, calls, answers, err := w.line.open()
	if err == nil {
		for _, fd := range []int{socket, calls, answers} {
			opened = append(opened, os.NewFile(uintptr(fd), "worker's end"))
		}
		files := []int{fdOf(null), fdOf(p.options.Stdout), fdOf(stderrThere), socket, fdOf(controlThere), calls, answers}
		for _, f := range p.options.ExtraFiles {
			files = append(files, fdOf(f))
		}
		w.process, err = process.Start(process.Command{
			Path: path, Args: os.Args[:1], Env: p.environment(), Dir: p.options.Directory, Files: files, Nice: p.options.Nice,
		})
		if err != nil {
			w.line.release()
		}
	}
	if err != nil {
		control.Close()
		stderr.Close()
		return nil, err
	}
	p.mu.Lock()
	p.workers[w] = struct{}{}
	p.living++
	w.reader.kind = readerGoroutine
	w.line.hold() // for greet
	p.stats.started.Add(1)
	p.watchMemory()
	if p.killing {
		p.kill(w)
	}
	p.mu.Unlock()
	go w.stderr.copy()
	go w.reap()
	return w, nil
}

// fdOf returns a descriptor without making it a blocking one, as Fd does.
func fdOf(f *os.File) (fd int) {
	fd = -1
	raw, err := f.SyscallConn()
	if err == nil {
		_ = raw.Control(func(n uintptr) { fd = int(n) })
	}
	return fd
}

// environment is that of a worker.
func (p *ProcessPool) environment() []string {
	environment := append(os.Environ(), p.options.Environment...)
	if limit := p.options.MemoryLimit; limit > 0 {
		environment = append(environment, fmt.Sprintf("GOMEMLIMIT=%d", limit/10*9))
	}
	return lastOfEach(append(environment, marker(os.Getpid(), len(p.options.ExtraFiles))))
}

// lastOfEach keeps of variables that are set more than once the last setting,
// for a program sees the first.
func lastOfEach(environment []string) []string {
	at := map[string]int{}
	var kept []string
	for _, setting := range environment {
		name, _, _ := strings.Cut(setting, "=")
		if i, ok := at[name]; ok {
			kept[i] = setting
			continue
		}
		at[name] = len(kept)
		kept = append(kept, setting)
	}
	return kept
}
