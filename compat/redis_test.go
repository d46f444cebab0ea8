package compat

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"testing"

	"github.com/goaio/aio/aionet"
	"github.com/redis/go-redis/v9"
)

func TestGoRedis(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "redis")
	start(t, "redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--dir", t.TempDir())
	eventually(t, func() error {
		c, err := net.Dial("unix", socket)
		if err == nil {
			c.Close()
		}
		return err
	})
	inBoth(t, func(ctx context.Context, t *testing.T) error {
		client := redis.NewClient(&redis.Options{
			Network: "unix", Addr: socket,
			Dialer: func(ctx context.Context, network, address string) (net.Conn, error) {
				return aionet.Dial(ctx, network, address)
			},
		})
		defer client.Close()
		key := t.Name()
		var wait sync.WaitGroup
		for range 10 {
			wait.Go(func() {
				for range 50 {
					if err := client.Incr(ctx, key).Err(); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wait.Wait()
		if n, err := client.Get(ctx, key).Int(); n != 500 || err != nil {
			return fmt.Errorf("counted %d: %w", n, err)
		}
		pipe := client.Pipeline()
		for i := range 1000 {
			pipe.RPush(ctx, key+"/list", i)
		}
		if _, err := pipe.Exec(ctx); err != nil {
			return err
		}
		items, err := client.LRange(ctx, key+"/list", 0, -1).Result()
		if len(items) != 1000 || items[999] != "999" {
			return fmt.Errorf("%d items: %w", len(items), err)
		}
		subscription := client.Subscribe(ctx, key)
		defer subscription.Close()
		if _, err := subscription.Receive(ctx); err != nil {
			return err
		}
		if err := client.Publish(ctx, key, "news").Err(); err != nil {
			return err
		}
		message, err := subscription.ReceiveMessage(ctx)
		if err != nil || message.Payload != "news" {
			return fmt.Errorf("%v: %w", message, err)
		}
		return nil
	})
}
