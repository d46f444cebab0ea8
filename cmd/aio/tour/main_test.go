package tour

import (
	"testing"

	"github.com/goaio/aio/executor"
	"github.com/goaio/aio/internal/leakcheck"
)

func TestMain(m *testing.M) {
	executor.Main()
	leakcheck.Main(m)
}

// quick is a step that takes no time, for tests that change one thing about it.
var quick = generatorsStep
