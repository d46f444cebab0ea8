package coro

// A Yielder is the body's side of a [Generator].
type Yielder[Y, S any] struct {
	generator *Generator[Y, S]
}

// Yield hands value to the resumer and suspends the body until it is resumed.
// It returns what was sent, which is zero if it was Next, or the error that was
// thrown; [ErrGeneratorExit] means that the body must end. It panics outside of
// the goroutine that runs the body.
func (y *Yielder[Y, S]) Yield(value Y) (S, error) {
	g := y.generator
	if !g.coroutine.Record.Running() {
		panic("coro: Yield outside of the generator's body")
	}
	g.yielded = value
	g.coroutine.Suspend()
	var zero S
	sent, thrown := g.sent, g.thrown
	g.sent, g.thrown = zero, nil
	return sent, thrown
}
