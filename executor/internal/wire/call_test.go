package wire

import (
	"errors"
	"testing"
	"time"
)

func TestAnswers(t *testing.T) {
	body := append(AppendAnswer(nil, time.Second), "result"...)
	if ran, rest, err := ParseAnswer(body); ran != time.Second || string(rest) != "result" || err != nil {
		t.Error(ran, rest, err)
	}
	for _, body := range [][]byte{nil, make([]byte, AnswerSize-1), AppendAnswer(nil, -1)} {
		if _, _, err := ParseAnswer(body); !errors.Is(err, ErrFrame) {
			t.Errorf("%x: error %v", body, err)
		}
	}
}
