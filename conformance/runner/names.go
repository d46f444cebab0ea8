package runner

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goaio/aio"
)

// raised is a message that a scenario raises; it is its own name.
type raised string

func (r raised) Error() string { return string(r) }

var errMisuse = errors.New("misuse")

// names are the errors of the language, by what errors.Is finds.
var names = []struct {
	err  error
	name string
}{
	{errMisuse, "misuse"},
	{aio.ErrInvalidState, "invalid"},
	{aio.ErrQueueFull, "full"},
	{aio.ErrQueueEmpty, "empty"},
	{aio.ErrQueueShutdown, "shutdown"},
	{aio.ErrBrokenBarrier, "broken"},
	{aio.ErrNotLocked, "misuse"},
	{aio.ErrReleasedTooOften, "misuse"},
	{aio.ErrTaskDoneTooOften, "misuse"},
	{aio.ErrNothingToWait, "misuse"},
}

func nameOf(err error) string {
	switch e := err.(type) {
	case raised:
		return string(e)
	case *aio.GroupError:
		inside := make([]string, len(e.Errors))
		for i, err := range e.Errors {
			inside[i] = nameOf(err)
		}
		return "group(" + strings.Join(inside, ", ") + ")"
	case *aio.TimeoutError:
		return "timeout"
	case *aio.DeadlockError:
		return "misuse"
	}
	if aio.IsCancelled(err) {
		return "cancelled"
	}
	for _, known := range names {
		if errors.Is(err, known.err) {
			return known.name
		}
	}
	return fmt.Sprintf("an error without a name: %v", err)
}
