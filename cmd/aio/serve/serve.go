//go:build unix && !aix

package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aiohttp"
	"github.com/goaio/aio/aionet"
	"github.com/goaio/aio/cmd/aio/terminal"
)

const usage = `aio serve: a folder on the web

usage:
  aio serve [flags] [DIR]      DIR is the current folder if it is not given

flags:
  --addr HOST:PORT   where to listen; localhost:8080 without it. ":8080" lets others in
  --tls              https, with a certificate made on the spot that browsers warn of
  --tls-cert FILE    https, with this certificate (PEM) and --tls-key
  --tls-key FILE     its private key
  --hidden           also what has a name that begins with a dot
  --quiet            no line for each request
`

type settings struct {
	folder, address, cert, key string
	tls, hidden, quiet         bool
}

// Main is the command. It returns the exit status.
func Main(arguments []string, out, errs io.Writer) int {
	s, err := parse(arguments)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(out, usage)
		return 0
	case err != nil:
		fmt.Fprintf(errs, "aio serve: %v\n\n%s", err, usage)
		return 2
	}
	// A terminal that is closed and a service manager end it as Ctrl-C does.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	context.AfterFunc(ctx, stop) // a second one ends the process at once
	if err := s.run(ctx, out); err != nil {
		fmt.Fprintf(errs, "aio serve: %v\n", err)
		return 1
	}
	return 0
}

func parse(arguments []string) (*settings, error) {
	s := &settings{}
	flags := flag.NewFlagSet("aio serve", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&s.address, "addr", "localhost:8080", "")
	flags.StringVar(&s.cert, "tls-cert", "", "")
	flags.StringVar(&s.key, "tls-key", "", "")
	flags.BoolVar(&s.tls, "tls", false, "")
	flags.BoolVar(&s.hidden, "hidden", false, "")
	flags.BoolVar(&s.quiet, "quiet", false, "")
	var folders []string
	for { // a flag may stand behind the folder
		if err := flags.Parse(arguments); err != nil {
			return nil, err
		}
		if flags.NArg() == 0 {
			break
		}
		folders = append(folders, flags.Arg(0))
		arguments = flags.Args()[1:]
	}
	switch {
	case len(folders) > 1:
		return nil, fmt.Errorf("one folder can be served, not %d", len(folders))
	case len(folders) == 1:
		s.folder = folders[0]
	default:
		s.folder = "."
	}
	if (s.cert == "") != (s.key == "") {
		return nil, errors.New("--tls-cert and --tls-key go together; --tls alone makes a certificate on the spot")
	}
	if _, _, err := net.SplitHostPort(s.address); err != nil {
		return nil, fmt.Errorf("--addr %s: it must be HOST:PORT, or :PORT for all addresses", s.address)
	}
	return s, nil
}

// run serves until ctx is cancelled, and says where.
func (s *settings) run(ctx context.Context, out io.Writer) error {
	root, err := openFolder(s.folder)
	if err != nil {
		return err
	}
	defer root.Close()
	config, fingerprint, err := s.certificate()
	if err != nil {
		return err
	}
	server := &aiohttp.Server{
		Handler:           &folder{root: root, hidden: s.hidden},
		TLSConfig:         config,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		Log:               slog.New(slog.DiscardHandler), // strangers' handshakes are no news
	}
	paper := newPaper(out)
	if !s.quiet {
		server.AccessLog = slog.New(paper)
	}
	err = aio.Run(ctx, func(ctx context.Context) error {
		l, err := aionet.Listen(ctx, "tcp", s.address)
		if err != nil {
			return s.explain(err)
		}
		s.announce(paper, l.Addr(), fingerprint)
		if config != nil {
			err = server.ServeTLS(ctx, l, "", "")
		} else {
			err = server.Serve(ctx, l)
		}
		if ctx.Err() == nil {
			return err
		}
		paper.say("\nstopping; what is being sent has five seconds; Ctrl-C again ends it at once")
		return server.Shutdown(context.WithoutCancel(ctx))
	}, aio.NoInterrupt())
	if cut := (*aionet.ShutdownError)(nil); errors.As(err, &cut) {
		paper.say("cut off: " + count(cut.Cancelled, "download"))
		return nil
	}
	return err
}

func openFolder(name string) (*os.Root, error) {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("there is no folder %q", name)
	case err != nil:
		return nil, err
	case !info.IsDir():
		return nil, fmt.Errorf("%q is a file; serve the folder that it is in: aio serve %s", name, filepath.Dir(name))
	}
	return os.OpenRoot(name)
}

// certificate returns what https needs, nil for http.
func (s *settings) certificate() (config *tls.Config, fingerprint string, err error) {
	var pair tls.Certificate
	switch {
	case s.cert != "":
		if pair, err = tls.LoadX509KeyPair(s.cert, s.key); err != nil {
			return nil, "", fmt.Errorf("the certificate: %w", err)
		}
	case s.tls:
		host, _, _ := net.SplitHostPort(s.address)
		if pair, fingerprint, err = selfSigned(host, time.Now()); err != nil {
			return nil, "", err
		}
	default:
		return nil, "", nil
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}}, fingerprint, nil
}

// explain says what to do about an address that cannot be listened on.
func (s *settings) explain(err error) error {
	host, port, _ := net.SplitHostPort(s.address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("port %s is in use by another program; choose another one, or 0 for any that is free: --addr %s", port, net.JoinHostPort(host, "0"))
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("you may not listen on port %s; choose one from 1024 on: --addr %s", port, net.JoinHostPort(host, "8080"))
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%s is no address of this machine; :%s stands for all that it has", host, port)
	}
	return err
}

// announce says where the folder is.
func (s *settings) announce(p *paper, at net.Addr, fingerprint string) {
	scheme := "http"
	if s.tls || s.cert != "" {
		scheme = "https"
	}
	host, _, _ := net.SplitHostPort(s.address)
	_, port, _ := net.SplitHostPort(at.String())
	absolute, err := filepath.Abs(s.folder)
	if err != nil {
		absolute = s.folder
	}
	p.say("serving " + printable(absolute))
	for _, host := range reachable(host) {
		p.say("  " + p.paint(terminal.Bold, scheme+"://"+net.JoinHostPort(host, port)+"/"))
	}
	if fingerprint != "" {
		p.say("  the certificate was made just now; browsers warn of it. Its SHA-256 is\n  " + fingerprint)
	}
	p.say("Ctrl-C stops it\n")
}

// reachable are the hosts to try for an address to listen on.
func reachable(host string) []string {
	ip := net.ParseIP(host)
	if host != "" && (ip == nil || !ip.IsUnspecified()) {
		return []string{host}
	}
	hosts := []string{"localhost"}
	addresses, _ := net.InterfaceAddrs() // without them localhost is said
	for _, a := range addresses {
		if n, is := a.(*net.IPNet); is && n.IP.IsGlobalUnicast() {
			hosts = append(hosts, n.IP.String())
		}
	}
	return hosts
}

var _ http.Handler = (*folder)(nil)

// printable replaces what could move a terminal's cursor.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || 0x80 <= r && r < 0xa0 {
			return '?'
		}
		return r
	}, s)
}
