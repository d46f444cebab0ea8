package tour

import (
	"errors"

	"github.com/goaio/aio/coro"
)

var generatorsStep = step{
	title: "Generators, with send and throw",
	text: `Underneath every task is a coroutine as PEP 342 has them: a body that yields, and is resumed with a value
		or with an error. You seldom need one yourself; this is what an await is made of.`,
	asyncio: `coroutines were generators until async and await came, and are still driven by send and throw.`,
	run:     generators,
	check: prints("the average of 10 is 10", "the average of 10 and 30 is 20", "thrown in: start again",
		"the average of 5 is 5", "closed, error <nil>"),
	proves: "values and an error went into a suspended function",
}

var errStartAgain = errors.New("start again")

func generators(say func(string, ...any)) error {
	type yielder = coro.Yielder[float64, float64] // yields, is sent
	average := coro.NewGenerator(func(y *yielder) error {
		sum, count := 0.0, 0.0
		for {
			value, err := y.Yield(sum / max(count, 1))
			switch {
			case errors.Is(err, errStartAgain):
				say("thrown in: %v", err)
				sum, count = 0, 0
			case err != nil:
				return err // the generator is being closed
			default:
				sum, count = sum+value, count+1
			}
		}
	})
	average.Next() // up to the first Yield
	v, _ := average.Send(10)
	say("the average of 10 is %v", v)
	v, _ = average.Send(30)
	say("the average of 10 and 30 is %v", v)
	average.Throw(errStartAgain)
	v, _ = average.Send(5)
	say("the average of 5 is %v", v)
	say("closed, error %v", average.Close())
	return nil
}
