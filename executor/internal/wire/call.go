package wire

import (
	"encoding/binary"
	"fmt"
	"time"
)

// AppendCall appends what comes before the input in the body of a Call: the
// time that the function may run, 0 for no bound, and its name.
func AppendCall(b []byte, timeout time.Duration, name string) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(timeout))
	b = append(b, byte(len(name)))
	return append(b, name...)
}

// CallSize is the size of what AppendCall appends.
func CallSize(name string) int { return 9 + len(name) }

// ParseCall takes the body of a Call apart.
func ParseCall(body []byte) (timeout time.Duration, name string, input []byte, err error) {
	if len(body) < 9 || len(body) < 9+int(body[8]) {
		return 0, "", nil, fmt.Errorf("%w: a call of %d bytes", ErrFrame, len(body))
	}
	timeout = time.Duration(binary.LittleEndian.Uint64(body))
	if timeout < 0 {
		return 0, "", nil, fmt.Errorf("%w: a timeout of %v", ErrFrame, timeout)
	}
	end := 9 + int(body[8])
	return timeout, string(body[9:end]), body[end:], nil
}

// AppendAnswer appends what comes before the body of a Result or a Failure: how
// long the function ran.
func AppendAnswer(b []byte, ran time.Duration) []byte {
	return binary.LittleEndian.AppendUint64(b, uint64(ran))
}

// AnswerSize is the size of what AppendAnswer appends.
const AnswerSize = 8

// ParseAnswer takes the body of a Result or a Failure apart.
func ParseAnswer(body []byte) (ran time.Duration, rest []byte, err error) {
	if len(body) >= AnswerSize {
		ran, rest = time.Duration(binary.LittleEndian.Uint64(body)), body[AnswerSize:]
	}
	if len(body) < AnswerSize || ran < 0 {
		return 0, nil, fmt.Errorf("%w: an answer of %d bytes, to a call that ran for %v", ErrFrame, len(body), ran)
	}
	return ran, rest, nil
}

// AppendProgress appends the body of a Progress; a long note is cut.
func AppendProgress(b []byte, done, total int64, note string) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(done))
	b = binary.LittleEndian.AppendUint64(b, uint64(total))
	return append(b, note[:min(len(note), MaxNote)]...)
}

// MaxNote bounds the note of a Progress, in bytes.
const MaxNote = 1 << 10

// ParseProgress takes the body of a Progress apart.
func ParseProgress(body []byte) (done, total int64, note string, err error) {
	if len(body) < 16 || len(body) > 16+MaxNote {
		return 0, 0, "", fmt.Errorf("%w: progress of %d bytes", ErrFrame, len(body))
	}
	return int64(binary.LittleEndian.Uint64(body)), int64(binary.LittleEndian.Uint64(body[8:])), string(body[16:]), nil
}
