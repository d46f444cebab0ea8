package tour

import (
	"embed"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"strings"
)

// The code that is shown is cut out of the files that were compiled.
//
//go:embed step_*.go
var sources embed.FS

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
			lines := strings.Split(strings.Trim(string(source[from:to]), "\n"), "\n")
			for i := range lines {
				lines[i] = strings.TrimPrefix(lines[i], "\t")
			}
			return lines, nil
		}
	}
	return nil, fmt.Errorf("no function named %s", name)
}

// code returns the lines of a function's body as they are printed.
func (p *printer) code(name string) []string {
	lines, err := bodyOf(name)
	if err != nil {
		return []string{err.Error()}
	}
	if p.colour {
		lines = strings.Split(p.coloured(strings.Join(lines, "\n")), "\n")
	}
	for i := range lines {
		lines[i] = strings.ReplaceAll(lines[i], "\t", "    ")
	}
	return lines
}

// coloured paints keywords, strings, numbers and comments.
func (p *printer) coloured(source string) string {
	var s scanner.Scanner
	set := token.NewFileSet()
	file := set.AddFile("", set.Base(), len(source))
	s.Init(file, []byte(source), nil, scanner.ScanComments)
	var painted strings.Builder
	end := 0
	for {
		position, kind, text := s.Scan()
		at := file.Offset(position)
		if kind == token.EOF {
			painted.WriteString(source[end:])
			return painted.String()
		}
		if text == "" || text == "\n" {
			continue
		}
		painted.WriteString(source[end:at])
		end = at + len(text)
		switch {
		case kind == token.COMMENT:
			text = p.paint(dim, text)
		case kind == token.STRING || kind == token.CHAR:
			text = p.paint(green, text)
		case kind == token.INT || kind == token.FLOAT:
			text = p.paint(yellow, text)
		case kind.IsKeyword():
			text = p.paint(blue, text)
		}
		painted.WriteString(text)
	}
}
