package compat

import (
	"context"
	"fmt"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/goaio/aio/aionet"
)

func TestGRPC(t *testing.T) {
	withTLS := clientConfig()
	withTLS.NextProtos = nil
	for name, secured := range map[string][2]credentials.TransportCredentials{
		"clear": {insecure.NewCredentials(), insecure.NewCredentials()},
		"tls":   {credentials.NewServerTLSFromCert(ptr(certificate())), credentials.NewTLS(withTLS)},
	} {
		t.Run(name, func(t *testing.T) {
			inBoth(t, func(ctx context.Context, t *testing.T) error {
				l, err := aionet.Listen(ctx, "tcp", "127.0.0.1:0")
				if err != nil {
					return err
				}
				server := grpc.NewServer(grpc.Creds(secured[0]))
				checks := health.NewServer()
				grpc_health_v1.RegisterHealthServer(server, checks)
				served := make(chan error, 1)
				go func() { served <- server.Serve(l) }()
				c, err := grpc.NewClient("passthrough:///"+l.Addr().String(), grpc.WithTransportCredentials(secured[1]),
					grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) { return dial(ctx, "tcp", address) }))
				if err != nil {
					return err
				}
				client := grpc_health_v1.NewHealthClient(c)
				for range 100 {
					answer, err := client.Check(ctx, &grpc_health_v1.HealthCheckRequest{})
					if err != nil || answer.Status != grpc_health_v1.HealthCheckResponse_SERVING {
						return fmt.Errorf("%v: %w", answer, err)
					}
				}
				watched, cancel := context.WithCancel(ctx)
				defer cancel()
				stream, err := client.Watch(watched, &grpc_health_v1.HealthCheckRequest{})
				if err != nil {
					return err
				}
				for _, status := range []grpc_health_v1.HealthCheckResponse_ServingStatus{1, 2, 1} {
					checks.SetServingStatus("", status)
					answer, err := stream.Recv()
					if err != nil || answer.Status != status {
						return fmt.Errorf("%v, want %v: %w", answer, status, err)
					}
				}
				cancel()
				if err := c.Close(); err != nil {
					return err
				}
				server.GracefulStop()
				return <-served
			})
		})
	}
}

func ptr[T any](v T) *T { return &v }
