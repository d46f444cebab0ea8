package main

import (
	"math"
	"slices"
)

// A Ratio is our value over the subject's: below 1, ours is less. Low and High bound what the median of all such laps would be.
type Ratio struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// ratioOf compares turns of the same lap, which the drift of the machine has touched alike, and takes the median. It is zero
// if no lap has both.
func ratioOf(laps []lap, subject string) Ratio {
	var all []float64
	rounds := map[int][]float64{}
	for _, l := range laps {
		us, hasUs := l.samples[ours]
		them, hasThem := l.samples[subject]
		if hasUs && hasThem && us.Value > 0 && them.Value > 0 {
			all = append(all, us.Value/them.Value)
			rounds[l.round] = append(rounds[l.round], us.Value/them.Value)
		}
	}
	if len(all) == 0 {
		return Ratio{}
	}
	r := Ratio{Value: median(all)}
	r.Low, r.High = medianInterval(all)
	// The laps of a round share its processes, so they are alike where those had luck. What the rounds differ by counts too.
	var medians []float64
	for _, of := range rounds {
		medians = append(medians, median(of))
	}
	low, high := medianInterval(medians)
	r.Low, r.High = min(r.Low, low), max(r.High, high)
	return r
}

// confidence is how often the interval holds the true median, at least.
const confidence = 0.95

// medianInterval bounds the median of what the values are drawn from, whatever its distribution: of n draws, the number that
// fall below the median is that of the heads of n coins. Fewer than six cannot say so much; of them it is the whole range.
func medianInterval(values []float64) (low, high float64) {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	outside, tail := 0, coins(n, 0) // values left out at either end, and how probable so few are
	for 2*(tail+coins(n, outside+1)) <= 1-confidence {
		outside++
		tail += coins(n, outside)
	}
	return sorted[outside], sorted[n-1-outside]
}

// coins is how probable k heads of n coins are.
func coins(n, k int) float64 {
	logFactorial := func(n int) float64 {
		l, _ := math.Lgamma(float64(n) + 1)
		return l
	}
	return math.Exp(logFactorial(n) - logFactorial(k) - logFactorial(n-k) - float64(n)*math.Ln2)
}
