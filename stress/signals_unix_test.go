//go:build unix

package stress

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/goaio/aio"
)

// signalRoom's signal is sent again and again, and caught between by others as
// well, so that it never has its usual effect.
type signalRoom struct{ caught chan os.Signal }

func systemRooms() []room {
	s := &signalRoom{make(chan os.Signal, 1)}
	signal.Notify(s.caught, syscall.SIGUSR2)
	return []room{s}
}

func (s *signalRoom) use(ctx context.Context, _ *rand.Rand) error {
	for _, err := range aio.Signals(ctx, syscall.SIGUSR2) {
		return err
	}
	return errors.New("the range over signals ended")
}

func (s *signalRoom) help(ctx context.Context, r *rand.Rand) error {
	for {
		if err := syscall.Kill(os.Getpid(), syscall.SIGUSR2); err != nil {
			return err
		}
		if err := rest(ctx, r); err != nil {
			return err
		}
	}
}

func (s *signalRoom) close()           { signal.Stop(s.caught) }
func (s *signalRoom) check(*testing.T) {}
