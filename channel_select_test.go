package aio

import (
	"context"
	"errors"
	"testing"
)

// What is received may be a nil interface, from an open channel or a closed one.
func TestSelectReceivesANilInterface(t *testing.T) {
	for _, place := range places {
		if err := place.run(t, func(ctx context.Context) error {
			ch := make(chan error, 1)
			got, ok := errTest, false
			ch <- nil
			if index, err := Select(ctx, RecvCase(ch, &got, &ok)); index != 0 || err != nil || got != nil || !ok {
				t.Errorf("%s: got case %d, %v, %v, %v", place.name, index, got, ok, err)
			}
			got = errTest
			go close(ch)
			if index, err := Select(ctx, RecvCase(ch, &got, &ok)); index != 0 || err != nil || got != nil || ok {
				t.Errorf("%s: got case %d, %v, %v, %v", place.name, index, got, ok, err)
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
	}
}

func TestSelectSendsANilInterface(t *testing.T) {
	virtually(t, func(ctx context.Context) error {
		ch := make(chan error, 1)
		if index, err := Select(ctx, SendCase[error](ch, nil)); index != 0 || err != nil || <-ch != nil {
			t.Errorf("got case %d, %v", index, err)
		}
		return nil
	})
}

func TestACancelledSelectHasNoIndex(t *testing.T) {
	for _, place := range places {
		if err := place.run(t, func(ctx context.Context) error {
			ctx, cancel := context.WithCancel(ctx)
			go cancel()
			v := 7
			index, err := Select(ctx, RecvCase(make(chan int), &v, nil))
			if index != -1 || !IsCancelled(err) || v != 7 {
				t.Errorf("%s: got case %d, %d, %v", place.name, index, v, err)
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
	}
}

func TestSelectSendsWhatSelectReceives(t *testing.T) {
	const n = 300
	virtually(t, func(ctx context.Context) error {
		one, two := make(chan int), make(chan int)
		sender := Go(ctx, func(ctx context.Context) error {
			for i := range n {
				if _, err := Select(ctx, SendCase(one, i), SendCase(two, i)); err != nil {
					return err
				}
			}
			return nil
		})
		for i := range n {
			v, ok := -1, false
			if _, err := Select(ctx, RecvCase(one, &v, &ok), RecvCase(two, &v, &ok)); err != nil || v != i || !ok {
				return errors.Join(errTest, err)
			}
		}
		_, err := sender.Await(ctx)
		return err
	}, keepIdle())
}
