package coro

// outside lets the body of a generator run functions on the goroutine that
// resumes it. It is how a generator that runs inside a task awaits: only the
// task's own goroutine can suspend the task. Where the resumer is a generator as
// well, the function can go on outside from there.
type outside struct {
	coroutine *Coroutine
	fn        func()      // what the body asks for
	failure   *PanicError // what fn ended with
}

// call runs fn on the resumer's goroutine. It is called in the body. A panic in
// fn comes out of it as a [*PanicError], and so does a Goexit.
func (o *outside) call(fn func()) {
	if !o.coroutine.Record.Running() {
		panic("coro: Outside called outside of the generator's body")
	}
	o.fn = fn
	o.coroutine.Suspend()
	if failure := o.failure; failure != nil {
		o.failure = nil
		panic(failure)
	}
}

// serve runs what the body asks for until it yields or ends, and reports whether
// it yielded. It is called by the resumer.
func (o *outside) serve() (alive bool) {
	for alive = true; alive && o.fn != nil; alive = o.coroutine.Resume() {
		o.run()
	}
	return alive
}

func (o *outside) run() {
	fn := o.fn
	o.fn = nil
	returned := false
	defer func() {
		if returned {
			return
		}
		if value := recover(); value != nil {
			o.failure = newPanicError(value)
			return
		}
		// The resumer's goroutine is ending, and the body waits for it: let it
		// know now, for nobody may resume it later.
		o.failure = newGoexitError()
		if o.coroutine.Resume() {
			o.serve()
		}
	}()
	fn()
	returned = true
}
