package tour

import (
	"go/scanner"
	"go/token"
	"strings"

	"github.com/goaio/aio/cmd/aio/terminal"
)

// highlight paints keywords, strings, numbers and comments.
func (p *printer) highlight(source string) string {
	var s scanner.Scanner
	set := token.NewFileSet()
	file := set.AddFile("", set.Base(), len(source))
	s.Init(file, []byte(source), nil, scanner.ScanComments)
	var painted strings.Builder
	end := 0
	for {
		position, kind, text := s.Scan()
		if kind == token.EOF {
			painted.WriteString(source[end:])
			return painted.String()
		}
		if text == "" || text == "\n" { // an operator, or the semicolon of a line's end
			continue
		}
		at := file.Offset(position)
		painted.WriteString(source[end:at])
		end = at + len(text)
		painted.WriteString(p.paint(colourOf(kind), text))
	}
}

func colourOf(kind token.Token) string {
	switch {
	case kind == token.COMMENT:
		return terminal.Dim
	case kind == token.STRING || kind == token.CHAR:
		return terminal.Green
	case kind == token.INT || kind == token.FLOAT:
		return terminal.Yellow
	case kind.IsKeyword():
		return terminal.Blue
	}
	return ""
}
