package stress

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/goaio/aio"
)

var errEnough = errors.New("enough")

// treat has use run undisturbed, or ended by a deadline or a cancel at a random
// moment. What comes of a disturbance is no error.
func treat(ctx context.Context, r *rand.Rand, use func(ctx context.Context) error) error {
	after := time.Duration(r.Int64N(int64(longestTreatment)))
	if r.IntN(4) == 0 {
		after = 0
	}
	switch r.IntN(8) {
	case 0:
		return forgive(aio.Timeout(ctx, after, use))
	case 1:
		ctx, cancel := aio.WithTimeout(ctx, after)
		defer cancel()
		return forgive(use(ctx))
	case 2:
		ctx, cancel := context.WithCancelCause(ctx)
		defer time.AfterFunc(after, func() { cancel(errEnough) }).Stop()
		defer cancel(nil)
		return forgive(use(ctx))
	case 3:
		task := aio.Go(ctx, use)
		timer := time.AfterFunc(after, func() { task.Cancel(errEnough) })
		_, err := task.Await(ctx)
		timer.Stop()
		return forgive(err)
	case 4:
		// The waiter leaves and the task goes on. The task is awaited for its end.
		task := aio.Go(ctx, use)
		waiting, cancel := aio.WithTimeout(ctx, after)
		_, err := task.Await(waiting)
		cancel()
		if forgive(err) != nil {
			return err
		}
		_, err = task.Await(ctx)
		return err
	}
	return use(ctx)
}

func forgive(err error) error {
	var timeout *aio.TimeoutError
	if aio.IsCancelled(err) || errors.As(err, &timeout) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}
