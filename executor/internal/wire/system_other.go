//go:build !linux

package wire

import (
	"errors"
	"time"
)

var ErrWouldBlock = errors.New("would block")

func Pair() (here, there int, err error)    { return -1, -1, errors.ErrUnsupported }
func Pipe() (read, write int, err error)    { return -1, -1, errors.ErrUnsupported }
func CreatedBy(fd, pid int) bool            { return false }
func SendFile(socket, file int) error       { return errors.ErrUnsupported }
func ReceiveFile(socket int) (int, error)   { return -1, errors.ErrUnsupported }
func WriteAll(fd int, b []byte) error       { return errors.ErrUnsupported }
func Unread(fd int) int                     { return 0 }
func SetPackets(int, bool) error            { return errors.ErrUnsupported }
func Packets(fd int) int                    { return 0 }
func ReadingEnd(fd int) (int, error)        { return -1, errors.ErrUnsupported }
func Read(fd int, b []byte) (int, error)    { return 0, errors.ErrUnsupported }
func AwaitReadable(int, time.Duration) bool { return false }
func Duplicate(fd int) (int, error)         { return -1, errors.ErrUnsupported }
func SetNonblocking(fd int) error           { return errors.ErrUnsupported }
func CloseOnExec(fd int)                    {}
func Seal(payload []byte) (int, error)      { return -1, errors.ErrUnsupported }
func Unseal(int, int64) ([]byte, error)     { return nil, errors.ErrUnsupported }
func CloseFile(fd int)                      {}

func (b *Buffer) Fill(fd int, nonblocking bool) (drained bool, err error) {
	return true, errors.ErrUnsupported
}

func Write(fd int, b []byte, nonblocking bool) (int, error) { return 0, errors.ErrUnsupported }
