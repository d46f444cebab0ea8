package serve

import (
	"os"
	"testing"

	"github.com/goaio/aio/internal/leakcheck"
)

// asCommand in the environment has the test program be the command.
const asCommand = "AIO_TEST_SERVE"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		os.Exit(Main(os.Args[1:], os.Stdout, os.Stderr))
	}
	leakcheck.Main(m)
}
