package stress

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/goaio/aio"
)

func (r *run) furnish() []room {
	rooms := []room{
		&mutexRoom{},
		newSemaphoreRoom(),
		newBoundedSemaphoreRoom(),
		newConditionRoom(),
		&eventRoom{},
		newBarrierRoom(),
		newQueueRoom(aio.NewQueue[int](4)),
		newQueueRoom(aio.NewPriorityQueue(4, func(a, b int) bool { return a < b })),
		newQueueRoom(aio.NewLIFOQueue[int](4)),
		newChannelRoom(),
		&futureRoom{run: r},
		&taskRoom{run: r},
		&groupRoom{},
		&timeoutRoom{},
		&blockingRoom{},
	}
	return append(rooms, systemRooms()...)
}

// dawdle keeps what was got for a moment. Whether it is cut short is its
// caller's business.
func dawdle(ctx context.Context, r *rand.Rand) error {
	switch r.IntN(4) {
	case 0:
		return aio.Yield(ctx)
	case 1:
		return aio.Sleep(ctx, time.Duration(r.IntN(int(200*time.Microsecond))))
	}
	return nil
}

// rest paces a helper.
func rest(ctx context.Context, r *rand.Rand) error {
	return aio.Sleep(ctx, time.Duration(r.IntN(int(time.Millisecond))))
}
