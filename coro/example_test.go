package coro_test

import (
	"fmt"

	"github.com/goaio/aio/coro"
)

// A running average, as in PEP 342: each value sent in comes back as the average
// of all so far.
func ExampleGenerator() {
	average := coro.NewGenerator(func(y *coro.Yielder[float64, float64]) error {
		var sum, average float64
		for n := 1.0; ; n++ {
			value, err := y.Yield(average)
			if err != nil {
				return err
			}
			sum += value
			average = sum / n
		}
	})
	defer average.Close()

	average.Next() // to the first Yield
	for _, value := range []float64{10, 20, 60} {
		current, err := average.Send(value)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(current)
	}
	// Output:
	// 10
	// 15
	// 30
}

func ExampleGenerator_All() {
	fibonacci := coro.NewGenerator(func(y *coro.Yielder[int, struct{}]) error {
		defer fmt.Println("closed")
		for a, b := 0, 1; ; a, b = b, a+b {
			if _, err := y.Yield(a); err != nil {
				return err
			}
		}
	})
	for n := range fibonacci.All() {
		if n > 10 {
			break
		}
		fmt.Print(n, " ")
	}
	if err := fibonacci.Err(); err != nil {
		fmt.Println(err)
	}
	// Output: 0 1 1 2 3 5 8 closed
}

func ExampleCoroutine() {
	c := coro.New(func(c *coro.Coroutine) {
		fmt.Println("one")
		if !c.Suspend() {
			return
		}
		fmt.Println("two")
	})
	for c.Resume() {
		fmt.Println("suspended")
	}
	// Output:
	// one
	// suspended
	// two
}
