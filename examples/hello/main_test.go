package main

import (
	"os"
	"strings"
	"testing"
)

func TestTheREADMEShowsThisProgram(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(program), "\n")
	if !strings.Contains(string(readme), code) {
		t.Error("the README's first program is not examples/hello/main.go")
	}
}

func ExampleMain() {
	main()
	// Output: 9.5 3
}
