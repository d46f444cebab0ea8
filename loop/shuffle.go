package loop

// shuffle permutes the task steps of the round that begins among the places
// that they hold. Callbacks, timers and the news of a child's end keep theirs:
// CallSoon promises its order, and a Handle finds its entry by its place.
func (l *Loop) shuffle() {
	var steps []*entry
	for at := l.ready.head; at < l.ready.tail; at++ {
		e := l.ready.at(at)
		if _, ok := (*e).(*Task); ok {
			steps = append(steps, e)
		}
	}
	l.options.Shuffle(len(steps), func(i, j int) { *steps[i], *steps[j] = *steps[j], *steps[i] })
}
