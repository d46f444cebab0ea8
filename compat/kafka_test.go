package compat

import (
	"context"
	"fmt"
	"net"
	"testing"

	"github.com/goaio/aio/aionet"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// franz-go's client, on our dialler, and its fake broker, on our listener.
func TestFranzGo(t *testing.T) {
	inBoth(t, func(ctx context.Context, t *testing.T) error {
		broker, err := kfake.NewCluster(
			kfake.NumBrokers(1), kfake.SeedTopics(2, "news"),
			kfake.ListenFn(func(network, address string) (net.Listener, error) {
				return aionet.Listen(context.Background(), network, address)
			}),
		)
		if err != nil {
			return err
		}
		defer broker.Close()
		client, err := kgo.NewClient(
			kgo.SeedBrokers(broker.ListenAddrs()...), kgo.DefaultProduceTopic("news"),
			kgo.ConsumeTopics("news"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
			kgo.Dialer(dial),
		)
		if err != nil {
			return err
		}
		defer client.Close()
		for i := range 100 {
			if err := client.ProduceSync(ctx, kgo.StringRecord(fmt.Sprint(i))).FirstErr(); err != nil {
				return err
			}
		}
		seen := map[string]bool{}
		for len(seen) < 100 {
			fetches := client.PollFetches(ctx)
			if err := fetches.Err(); err != nil {
				return err
			}
			fetches.EachRecord(func(r *kgo.Record) { seen[string(r.Value)] = true })
		}
		return nil
	})
}
