//go:build unix && !aix

package websocket

import (
	"errors"
	"fmt"
	"io"

	"github.com/gobwas/ws"
)

// StatusCode says why a connection was closed: RFC 6455, section 7.4. From 3000
// on they are the application's, of which 4000 to 4999 need no registration.
type StatusCode uint16

// The codes of RFC 6455, and of IANA's registry.
const (
	StatusNormalClosure      StatusCode = 1000
	StatusGoingAway          StatusCode = 1001 // the server stops, the page was left
	StatusProtocolError      StatusCode = 1002
	StatusUnsupportedData    StatusCode = 1003 // such as binary where text is expected
	StatusNoStatusReceived   StatusCode = 1005 // the peer's close frame had none; never sent
	StatusAbnormalClosure    StatusCode = 1006 // there was no close frame; never sent
	StatusInvalidPayloadData StatusCode = 1007 // such as text that is not UTF-8
	StatusPolicyViolation    StatusCode = 1008
	StatusMessageTooBig      StatusCode = 1009
	StatusMandatoryExtension StatusCode = 1010
	StatusInternalError      StatusCode = 1011
	StatusServiceRestart     StatusCode = 1012
	StatusTryAgainLater      StatusCode = 1013
	StatusBadGateway         StatusCode = 1014
)

// CloseError is how a connection has ended: what reads return from then on, and
// writes too. [CloseStatus] takes the code out of an error that wraps it.
type CloseError struct {
	Code   StatusCode
	Reason string
	// Local is set if this end has closed the connection: because the peer broke
	// the protocol or a limit, or because the program did.
	Local bool
	// Err is the error of the connection underneath, if that has ended without a
	// close frame: the code is [StatusAbnormalClosure].
	Err error
}

// Error says which end has closed, and why.
func (e *CloseError) Error() string {
	who := "the peer"
	if e.Local {
		who = "this end"
	}
	switch {
	case e.Err == io.ErrUnexpectedEOF:
		return "websocket: the peer has left without a close frame"
	case e.Err != nil:
		return "websocket: the connection broke: " + e.Err.Error()
	case e.Reason != "":
		return fmt.Sprintf("websocket: %s has closed with code %d: %s", who, e.Code, e.Reason)
	}
	return fmt.Sprintf("websocket: %s has closed with code %d", who, e.Code)
}

// Unwrap returns Err.
func (e *CloseError) Unwrap() error { return e.Err }

// CloseStatus returns the code of a [*CloseError] in err's tree, 0 if there is
// none.
func CloseStatus(err error) StatusCode {
	var e *CloseError
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

// maxReason is how long a reason can be: a control frame has 125 bytes.
const maxReason = ws.MaxControlFramePayloadSize - 2

// sendable reports whether a close frame may have the code: those that say that
// there was none may not.
func (c StatusCode) sendable() bool {
	switch {
	case c >= 3000 && c <= 4999:
		return true
	case c >= 1000 && c <= 1014:
		return c != 1004 && c != StatusNoStatusReceived && c != StatusAbnormalClosure
	}
	return false
}

// closeBody is the payload of a close frame. Without a code it is empty.
func closeBody(code StatusCode, reason string) []byte {
	if code == StatusNoStatusReceived {
		return nil
	}
	return ws.NewCloseFrameBody(ws.StatusCode(code), reason)
}

// parseClose reads the payload of the peer's close frame.
func parseClose(payload []byte) (*CloseError, *violation) {
	switch len(payload) {
	case 0:
		return &CloseError{Code: StatusNoStatusReceived}, nil
	case 1:
		return nil, &violation{StatusProtocolError, "a close frame with one byte"}
	}
	code, reason := ws.ParseCloseFrameData(payload)
	if !StatusCode(code).sendable() {
		return nil, &violation{StatusProtocolError, fmt.Sprintf("a close frame with code %d", code)}
	}
	if err := ws.CheckCloseFrameData(ws.StatusNormalClosure, reason); err != nil {
		return nil, &violation{StatusInvalidPayloadData, "the reason of a close frame is not UTF-8"}
	}
	return &CloseError{Code: StatusCode(code), Reason: reason}, nil
}

// violation is what a peer has done wrong, and the code to close with.
type violation struct {
	code StatusCode
	text string
}
