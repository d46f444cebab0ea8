//go:build unix && !aix && !linux

package loop

import "os"

func sendFile(socket int, file *os.File, offset int64, count int) (int, error) {
	return sendThroughBuffer(socket, file, offset, count)
}
