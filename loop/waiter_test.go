package loop

import (
	"context"
	"testing"
)

// The zero Waiter is not part of what a goroutine waits with: that is not to be
// read behind it.
func TestWaitOfAWaiterThatNobodyMade(t *testing.T) {
	for name, wait := range map[string]func(*Waiter) error{
		"Wait":         func(w *Waiter) error { return w.Wait(context.Background()) },
		"WaitShielded": (*Waiter).WaitShielded,
	} {
		func() {
			defer func() {
				if text, _ := recover().(string); text == "" {
					t.Errorf("%s does not say what is wrong", name)
				}
			}()
			_ = wait(new(Waiter))
		}()
	}
}
