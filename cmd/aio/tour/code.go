package tour

import (
	"embed"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"runtime"
	"strings"
)

// The code that is shown is cut out of the files that were compiled.
//
//go:embed step_*.go
var sources embed.FS

// code returns the lines of the function that the step runs. The name comes
// from the function itself, so that another one's code cannot be shown.
func (s step) code() ([]string, error) {
	name := runtime.FuncForPC(reflect.ValueOf(s.run).Pointer()).Name()
	return bodyOf(name[strings.LastIndexByte(name, '.')+1:])
}

// bodyOf returns the lines of a function's body, one indentation less.
func bodyOf(name string) ([]string, error) {
	files, err := sources.ReadDir(".")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		source, err := sources.ReadFile(file.Name())
		if err != nil {
			return nil, err
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, file.Name(), source, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, declaration := range parsed.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok || function.Name.Name != name {
				continue
			}
			from, to := set.Position(function.Body.Lbrace).Offset+1, set.Position(function.Body.Rbrace).Offset
			body := strings.ReplaceAll(string(source[from:to]), "\r\n", "\n")
			lines := strings.Split(strings.Trim(body, "\n"), "\n")
			for i := range lines {
				lines[i] = strings.TrimPrefix(lines[i], "\t")
			}
			return lines, nil
		}
	}
	return nil, fmt.Errorf("there is no function named %s whose code could be shown", name)
}
