//go:build !linux

package process

import (
	"errors"
	"syscall"
)

type Command struct {
	Path  string
	Args  []string
	Env   []string
	Dir   string
	Files []int
	Nice  int
}

type Process struct{ PID int }

func Start(Command) (*Process, error)       { return nil, errors.ErrUnsupported }
func (p *Process) Signal(syscall.Signal)    {}
func (p *Process) Await()                   {}
func (p *Process) Reap() Status             { return Status{} }
func (p *Process) Resident() (int64, error) { return 0, errors.ErrUnsupported }
func Self() (string, error)                 { return "", errors.ErrUnsupported }

func EndGroup() {}

func CloseInherited() {}
