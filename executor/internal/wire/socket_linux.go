package wire

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// Pair returns a connected pair of sockets, which are closed on exec: memory
// files go through it, each before the frame that it belongs to.
func Pair() (here, there int, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, -1, fmt.Errorf("socketpair: %w", err)
	}
	return fds[0], fds[1], nil
}

// CreatedBy reports whether a descriptor is a socket of a pair that the process
// made.
func CreatedBy(fd, pid int) bool {
	credentials, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	return err == nil && int(credentials.Pid) == pid
}

// SendFile sends a file through a socket.
func SendFile(socket, file int) error {
	for {
		err := unix.Sendmsg(socket, []byte{0}, unix.UnixRights(file), nil, unix.MSG_NOSIGNAL)
		if err != unix.EINTR {
			return err
		}
	}
}

// ReceiveFile takes the file that was sent before its frame, which is the
// caller's then. It does not wait: a file that is not there was not sent.
func ReceiveFile(socket int) (file int, err error) {
	control := make([]byte, unix.CmsgSpace(4)) // its padding has room for a second one
	for {
		_, n, flags, _, err := unix.Recvmsg(socket, make([]byte, 1), control, unix.MSG_DONTWAIT|unix.MSG_CMSG_CLOEXEC)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		files := rights(control[:n])
		if err == nil && len(files) == 1 && flags&unix.MSG_CTRUNC == 0 {
			return files[0], nil
		}
		for _, file := range files {
			unix.Close(file)
		}
		return -1, fmt.Errorf("%w: it has no memory: %d files came, error %v", ErrFrame, len(files), err)
	}
}

func rights(control []byte) (files []int) {
	messages, _ := unix.ParseSocketControlMessage(control)
	for i := range messages {
		if fds, err := unix.ParseUnixRights(&messages[i]); err == nil {
			files = append(files, fds...)
		}
	}
	return files
}
