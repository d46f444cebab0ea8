package main

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
)

// The naive interval leaves out at either end as many as the exact sum of binomials permits.
func TestMedianIntervalIsTheSignTests(t *testing.T) {
	for n := 1; n <= 400; n++ {
		values := make([]float64, n)
		for i := range values {
			values[i] = float64(i)
		}
		rand.New(rand.NewPCG(uint64(n), 1)).Shuffle(n, func(i, j int) { values[i], values[j] = values[j], values[i] })
		low, high := medianInterval(values)

		all := new(big.Int).Lsh(big.NewInt(1), uint(n))
		outside, below := 0, new(big.Int)
		for k := 0; k < n; k++ {
			below.Add(below, new(big.Int).Binomial(int64(n), int64(k)))
			if new(big.Int).Mul(below, big.NewInt(40)).Cmp(all) > 0 { // one tail is at most a fortieth
				break
			}
			outside = k
		}
		if low != float64(outside) || high != float64(n-1-outside) {
			t.Fatalf("of %d: %v to %v, want %d to %d", n, low, high, outside, n-1-outside)
		}
	}
}

func TestMedianIntervalHoldsTheMedian(t *testing.T) {
	const seed = 5
	random := rand.New(rand.NewPCG(seed, 0))
	held := 0
	for range 2000 {
		values := make([]float64, 45)
		for i := range values {
			values[i] = math.Exp(random.NormFloat64()) // skewed, as times are; its median is 1
		}
		if low, high := medianInterval(values); low <= 1 && 1 <= high {
			held++
		}
	}
	if held < 1900 {
		t.Errorf("%d of 2000 intervals hold the median (seed %d)", held, seed)
	}
}

func TestRatioIsOfTheSameLap(t *testing.T) {
	// The machine's speed doubles and halves; ours takes half of the peer's time in every lap.
	laps := lapsOf([]float64{10, 20, 40, 5, 80, 10}, []float64{20, 40, 80, 10, 160, 20})
	if got := ratioOf(laps, "peer"); got != (Ratio{0.5, 0.5, 0.5}) {
		t.Errorf("ratio %+v", got)
	}
	if got := ratioOf(laps, "absent"); got != (Ratio{}) {
		t.Errorf("ratio to nobody %+v", got)
	}
	idle := lapsOf([]float64{1, 2}, []float64{0, 4}) // a turn of no value says nothing
	if got := ratioOf(idle, "peer"); got != (Ratio{0.5, 0.5, 0.5}) {
		t.Errorf("ratio beside a turn of nothing %+v", got)
	}
}

// What processes differ by is in the interval, however well the laps of each agree.
func TestRatioSpansTheRounds(t *testing.T) {
	var laps []lap
	for round, ratio := range []float64{1, 1, 1.2} {
		for _, l := range lapsOf(slices.Repeat([]float64{ratio}, 20), slices.Repeat([]float64{1}, 20)) {
			l.round = round
			laps = append(laps, l)
		}
	}
	if got := ratioOf(laps, "peer"); got != (Ratio{1, 1, 1.2}) {
		t.Errorf("ratio %+v", got)
	}
}
