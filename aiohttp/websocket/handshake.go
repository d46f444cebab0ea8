//go:build unix && !aix

package websocket

import (
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// What both ends know of the opening handshake: RFC 6455, section 4.

// proof is the answer to a key, by which a client knows that it talks to a
// WebSocket server.
func proof(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func newKey() string {
	var key [16]byte
	_, _ = rand.Read(key[:]) // which never fails
	return base64.StdEncoding.EncodeToString(key[:])
}

func validKey(key string) bool {
	raw, err := base64.StdEncoding.DecodeString(key)
	return err == nil && len(raw) == 16
}

func hasToken(h http.Header, name, token string) bool {
	return httpguts.HeaderValuesContainsToken(h[name], token)
}

// listed are the elements of a field, which may come in several lines.
func listed(values []string) (elements []string) {
	for _, value := range values {
		for element := range strings.SplitSeq(value, ",") {
			if element = strings.TrimSpace(element); element != "" {
				elements = append(elements, element)
			}
		}
	}
	return elements
}

// choose returns the first of ours that the client offers, "" if none is.
func choose(ours, offered []string) string {
	for _, name := range ours {
		if slices.Contains(offered, name) {
			return name
		}
	}
	return ""
}
