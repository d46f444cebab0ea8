package compat

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aionet"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// postgres starts a private cluster, whose directory it returns: that of its
// socket.
func postgres(t *testing.T) string {
	binaries, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if len(binaries) == 0 {
		t.Fatal("no PostgreSQL; apt-get install postgresql")
	}
	bin := binaries[len(binaries)-1]
	// Not t.TempDir, whose parents only this user may enter: PostgreSQL does not
	// run as root.
	directory, err := os.MkdirTemp("", "postgres")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(directory) })
	as := func(name string, arguments ...string) *exec.Cmd { return exec.Command(name, arguments...) }
	if os.Getuid() == 0 {
		if out, err := exec.Command("chown", "postgres", directory).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		as = func(name string, arguments ...string) *exec.Cmd {
			return exec.Command("runuser", append([]string{"-u", "postgres", "--", name}, arguments...)...)
		}
	}
	data := filepath.Join(directory, "data")
	initialise := as(bin+"/initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync", "--no-instructions")
	initialise.Dir = directory
	if out, err := initialise.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	control := func(arguments ...string) {
		command := as(bin+"/pg_ctl", append([]string{"-D", data, "-w", "-l", directory + "/log"}, arguments...)...)
		command.Dir = directory
		if err := command.Run(); err != nil {
			log, _ := os.ReadFile(directory + "/log")
			t.Fatalf("pg_ctl %s: %v\n%s", arguments, err, log)
		}
	}
	control("start", "-o", fmt.Sprintf("-k %s -c listen_addresses= -c fsync=off", directory))
	t.Cleanup(func() { control("stop", "-m", "immediate") })
	return directory
}

func dial(ctx context.Context, network, address string) (net.Conn, error) {
	return aionet.Dial(ctx, network, address)
}

func TestPgx(t *testing.T) {
	directory := postgres(t)
	source := fmt.Sprintf("host=%s user=postgres database=postgres", directory)

	// Straight from tasks: each waits for its own query, on one loop.
	t.Run("tasks", func(t *testing.T) {
		inTask(t, func(ctx context.Context) error {
			config, err := pgx.ParseConfig(source)
			if err != nil {
				return err
			}
			config.DialFunc = dial
			return aio.Group(ctx, func(ctx context.Context) error {
				for i := range 5 {
					aio.Go(ctx, func(ctx context.Context) error {
						c, err := pgx.ConnectConfig(ctx, config)
						if err != nil {
							return err
						}
						defer c.Close(ctx)
						return query(ctx, c, i)
					})
				}
				return nil
			})
		})
	})

	// A Timeout interrupts a query.
	t.Run("timeout", func(t *testing.T) {
		inTask(t, func(ctx context.Context) error {
			config, err := pgx.ParseConfig(source)
			if err != nil {
				return err
			}
			config.DialFunc = dial
			c, err := pgx.ConnectConfig(ctx, config)
			if err != nil {
				return err
			}
			defer c.Close(ctx)
			var timeout *aio.TimeoutError
			err = aio.Timeout(ctx, 50*time.Millisecond, func(ctx context.Context) error {
				_, err := c.Exec(ctx, "select pg_sleep(60)")
				return err
			})
			if !errors.As(err, &timeout) && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the query ended with %v", err)
			}
			return nil
		})
	})

	t.Run("pool", func(t *testing.T) {
		inBoth(t, func(ctx context.Context, t *testing.T) error {
			config, err := pgxpool.ParseConfig(source)
			if err != nil {
				return err
			}
			config.ConnConfig.DialFunc = dial
			pool, err := pgxpool.NewWithConfig(ctx, config)
			if err != nil {
				return err
			}
			defer pool.Close()
			for i := range 5 {
				if err := query(ctx, pool, i); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

func query(ctx context.Context, c interface {
	Query(ctx context.Context, sql string, arguments ...any) (pgx.Rows, error)
}, i int) error {
	rows, err := c.Query(ctx, "select n, repeat('x', 1000) from generate_series(1, $1) n, pg_sleep(0.01)", 1000+i)
	if err != nil {
		return err
	}
	sum, n := 0, 0
	var text string
	if _, err = pgx.ForEachRow(rows, []any{&n, &text}, func() error { sum += n; return nil }); err != nil {
		return err
	}
	if want := (1000 + i) * (1001 + i) / 2; sum != want {
		return fmt.Errorf("the rows add up to %d, want %d", sum, want)
	}
	return nil
}
