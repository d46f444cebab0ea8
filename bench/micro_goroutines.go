package main

import (
	"runtime"
	"sync"
	"time"
)

// goroutineMeasurements are the nearest idioms of plain Go. They run on every core,
// as such programs do, except where the case is about taking turns.
func goroutineMeasurements() goMeasurements {
	return goMeasurements{timed: map[string]timedRun{
		"call_soon":       goroutineCallSoon,
		"yield":           goroutineYield,
		"spawn":           goroutineSpawn,
		"queue_pingpong":  goroutinePingPong,
		"mutex":           goroutineMutex,
		"future":          goroutineFuture,
		"blocking_serial": func(n int) (time.Duration, error) { return goroutineBlocking(n, 1) },
		"blocking_64":     func(n int) (time.Duration, error) { return goroutineBlocking(n, blockingTasks) },
	}, once: map[string]func() (Sample, error){"sleepers": sleepers(goroutineSleepers)}}
}

// goroutineCallSoon drains a channel of functions on one goroutine: like a loop's queue it keeps
// their order and runs one at a time, which a goroutine that starts the next would not.
func goroutineCallSoon(n int) (time.Duration, error) {
	queue := make(chan func(), 128)
	left := n
	var callback func()
	callback = func() {
		left--
		if left == 0 {
			close(queue)
			return
		}
		queue <- callback
	}
	start := time.Now()
	queue <- callback
	for call := range queue {
		call()
	}
	return time.Since(start), nil
}

// goroutineYield holds the scheduler to one core, or the goroutines would not take turns.
func goroutineYield(n int) (time.Duration, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var tasks sync.WaitGroup
	start := time.Now()
	for i := range yieldTasks {
		tasks.Go(func() {
			for range share(n, i, yieldTasks) {
				runtime.Gosched()
			}
		})
	}
	tasks.Wait()
	return time.Since(start), nil
}

func goroutineSpawn(n int) (time.Duration, error) {
	start := time.Now()
	for n > 0 {
		var tasks sync.WaitGroup
		for range min(n, spawnBatch) {
			tasks.Go(func() {})
		}
		tasks.Wait()
		n -= spawnBatch
	}
	return time.Since(start), nil
}

func goroutinePingPong(n int) (time.Duration, error) {
	pings, pongs := make(chan int), make(chan int)
	var echo sync.WaitGroup
	echo.Go(func() {
		for ping := range pings {
			pongs <- ping
		}
	})
	start := time.Now()
	for i := range n {
		pings <- i
		<-pongs
	}
	elapsed := time.Since(start)
	close(pings)
	echo.Wait()
	return elapsed, nil
}

func goroutineMutex(n int) (time.Duration, error) {
	var mu sync.Mutex
	start := time.Now()
	for range n {
		mu.Lock()
		//lint:ignore SA2001 the empty section is what is measured
		mu.Unlock()
	}
	return time.Since(start), nil
}

// goroutineFuture makes a channel of one result for each future. The completer suspends
// until it is handed the next one, the awaiter until the result is there.
func goroutineFuture(n int) (time.Duration, error) {
	futures := make(chan chan int)
	var completer sync.WaitGroup
	completer.Go(func() {
		for future := range futures {
			future <- 1
		}
	})
	start := time.Now()
	for range n {
		future := make(chan int, 1)
		futures <- future
		<-future
	}
	elapsed := time.Since(start)
	close(futures)
	completer.Wait()
	return elapsed, nil
}

// goroutineBlocking hands jobs to as many workers as asyncio's default pool has threads. A job carries
// the channel of its own result. (Plain Go needs no such pool: this is the price of the hand-over.)
func goroutineBlocking(n, inFlight int) (time.Duration, error) {
	type job struct {
		run  func() int
		done chan int
	}
	jobs := make(chan job)
	var workers, tasks sync.WaitGroup
	for range min(32, runtime.NumCPU()+4) {
		workers.Go(func() {
			for job := range jobs {
				job.done <- job.run()
			}
		})
	}
	start := time.Now()
	for i := range inFlight {
		tasks.Go(func() {
			for range share(n, i, inFlight) {
				done := make(chan int, 1)
				jobs <- job{run: func() int { return 0 }, done: done}
				<-done
			}
		})
	}
	tasks.Wait()
	elapsed := time.Since(start)
	close(jobs)
	workers.Wait()
	return elapsed, nil
}

// goroutineSleepers leaves its goroutines asleep: they end with the process.
func goroutineSleepers(n int, measure func()) error {
	var started sync.WaitGroup
	started.Add(n)
	for range n {
		go func() {
			started.Done()
			time.Sleep(24 * time.Hour)
		}()
	}
	started.Wait()
	measure()
	return nil
}
