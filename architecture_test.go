package aio

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// allowed are the arrows between the packages of the core; whatever is not
// here must not be imported.
var allowed = map[string][]string{
	"internal/gid":                  {},
	"internal/driver":               {},
	"internal/goroutines":           {},
	"internal/leakcheck":            {},
	"coro":                          {"internal/gid"},
	"loop":                          {"coro", "internal/driver", "internal/gid", "internal/goroutines"},
	"":                              {"loop"},
	"aiotest":                       {"", "internal/goroutines", "loop"},
	"aionet":                        {"", "internal/driver", "loop"},
	"executor":                      {"", "executor/internal/process", "executor/internal/wire", "loop"},
	"executor/internal/process":     {},
	"executor/internal/wire":        {},
	"conformance":                   {},
	"conformance/runner":            {"", "conformance", "loop"},
	"examples/hello":                {""},
	"examples/internal/exampletest": {"", "aionet"},
	"examples/chat":                 {"", "aionet"},
	"examples/echo":                 {"", "aionet"},
	"examples/jobs":                 {"", "executor"},
	"examples/proxy":                {"", "aionet"},
	"examples/requests":             {"", "aionet"},
	"examples/thumbnails":           {"", "executor"},
	"examples/timeserver":           {"", "aionet"},
	"stress":                        {},
	"conformance/cmd/compare":       {"conformance"},
	"conformance/cmd/scenario":      {"conformance", "conformance/runner"},
}

// outside are the modules beside golang.org/x/sys that a package may import: a
// program that does not import the package does not compile them.
var outside = map[string][]string{
	"executor":               {"github.com/fxamacker/cbor/v2"},
	"executor/internal/wire": {"github.com/fxamacker/cbor/v2"},
}

func TestArrowsRunOneWay(t *testing.T) {
	const module = "github.com/goaio/aio"
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		may, known := allowed[name]
		if !known {
			t.Errorf("package %q is not in the table of arrows", name)
		}
		for _, imported := range p.Imports {
			if of, ours := strings.CutPrefix(imported, module); ours {
				if !slices.Contains(may, strings.TrimPrefix(of, "/")) {
					t.Errorf("%q must not import %q", name, imported)
				}
			} else if strings.Contains(imported, ".") && imported != "golang.org/x/sys/unix" && !slices.Contains(outside[name], imported) {
				t.Errorf("%q imports %s, and the core depends on golang.org/x/sys alone", name, imported)
			}
		}
	}
}
