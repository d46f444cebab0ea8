//go:build unix && !aix

package aiohttp

import (
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
)

func cutPrefix(s, prefix string) (string, bool) { return strings.CutPrefix(s, prefix) }

func splitList(list string) (names []string) {
	for name := range strings.SplitSeq(list, ",") {
		if name = trim(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// added is what the server adds to a handler's header.
type added struct {
	length     int64 // -1 for none
	kind       string
	connection string
	chunked    bool
	date       bool
}

// sendHead decides how the body is delimited and whether the connection goes on,
// and puts the head into the output. first is the first part of the body; if the
// handler has returned it is all of it.
func (w *response) sendHead(first []byte) {
	x := w.exchange
	header := w.header
	if w.sent != nil {
		header = w.sent
	}
	skip := map[string]bool(nil)
	omit := func(key string) {
		if _, has := header[key]; has {
			if skip == nil {
				skip = map[string]bool{}
			}
			skip[key] = true
		}
	}
	add := added{length: -1}
	_, add.date = header["Date"]
	add.date = !add.date
	head := x.request.Method == http.MethodHead
	announced := len(header["Trailer"]) > 0 || w.prefixed()
	_, hasLength := header["Content-Length"]
	hasLength = hasLength && w.declared >= 0
	if w.is(returned) && !announced && bodyAllowed(w.status) && !hasLength && header["Transfer-Encoding"] == nil &&
		(!head || len(first) > 0) {
		add.length, w.declared, hasLength = int64(len(first)), int64(len(first)), true
	}
	if x.head.close || !x.keepAlive() {
		w.state |= closeAfter
	}
	if httpguts.HeaderValuesContainsToken(header["Connection"], "close") {
		w.state |= closeAfter
	}
	// The body that the handler has not read goes first, as clients may not
	// look at the answer before they have sent it.
	if x.body.present && !w.is(fullDuplex) && !w.is(closeAfter) && !x.body.drain() {
		w.state |= closeAfter
	}
	if !bodyAllowed(w.status) && w.status != http.StatusNotModified {
		omit("Content-Length")
	}
	if bodyAllowed(w.status) {
		w.sniff(header, first, &add)
	}
	omit("Transfer-Encoding")
	switch {
	case head || !bodyAllowed(w.status) || hasLength:
	case !x.request.ProtoAtLeast(1, 1) || header.Get("Transfer-Encoding") == "identity":
		w.state |= closeAfter // which is where the body ends
	default:
		add.chunked = true
		w.state |= chunking
	}
	switch {
	case w.is(closeAfter) && !httpguts.HeaderValuesContainsToken(header["Connection"], "close"):
		omit("Connection")
		if x.request.ProtoAtLeast(1, 1) {
			add.connection = "close"
		}
	case !w.is(closeAfter) && !x.request.ProtoAtLeast(1, 1) && header["Connection"] == nil:
		add.connection = "keep-alive"
	}
	w.state |= headSent
	x.out.statusLine(x.request, w.status)
	x.out.header(header, func(key string) bool { return !skip[key] && !strings.HasPrefix(key, http.TrailerPrefix) })
	x.out.added(&add)
}

func (w *response) prefixed() bool {
	for key := range w.header {
		if strings.HasPrefix(key, http.TrailerPrefix) {
			return true
		}
	}
	return false
}

// sniff names the kind of a body whose handler did not.
func (w *response) sniff(header http.Header, first []byte, add *added) {
	_, named := header["Content-Type"]
	if !named && len(first) > 0 && header.Get("Content-Encoding") == "" && header.Get("Transfer-Encoding") == "" {
		add.kind = http.DetectContentType(first)
	}
}

func (o *output) added(add *added) {
	if add.date {
		o.text("Date: ")
		o.bytes(date())
		o.text("\r\n")
	}
	if add.length >= 0 {
		o.text("Content-Length: ")
		o.open()
		o.memory = strconv.AppendInt(o.memory, add.length, 10)
		o.text("\r\n")
	}
	if add.kind != "" {
		o.field("Content-Type", add.kind)
	}
	if add.connection != "" {
		o.field("Connection", add.connection)
	}
	if add.chunked {
		o.text("Transfer-Encoding: chunked\r\n")
	}
	o.text("\r\n")
}
