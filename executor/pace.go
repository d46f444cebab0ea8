package executor

import "time"

// pace is how long calls of a function take, as far as the last ones tell.
type pace struct {
	mean time.Duration
	runs bool // it has run
}

// paceWeight is the share of the last call in the mean: a short call after a
// long one does not make the function a short one, but ten do.
const paceWeight = 4

func (p *pace) add(ran time.Duration) {
	if !p.runs {
		p.mean, p.runs = ran, true
		return
	}
	p.mean += (ran - p.mean) / paceWeight
}
