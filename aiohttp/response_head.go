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

// heading is a header as the server looks at it, in one walk over the map.
type heading struct {
	fields    []field // in the map's order
	length    bool    // there is a Content-Length
	coding    []string
	encoded   bool // Content-Encoding
	typed     bool // there is a Content-Type, which may be nil
	dated     bool // the same with Date
	connected bool // and with Connection
	closes    bool // Connection says so
	trailers  bool // some were announced, or named with the prefix
}

func headingOf(header http.Header, into []field) heading {
	h := heading{fields: into}
	if kind, is := header["Content-Type"]; is && len(header) == 1 {
		// All that most handlers set: a walk over the map takes longer.
		h.typed = true
		h.fields = append(h.fields, field{"Content-Type", kind})
		return h
	}
	for key, values := range header {
		switch key {
		case "Content-Length":
			h.length = true
		case "Transfer-Encoding":
			h.coding = values
			continue // the server's own affair
		case "Content-Encoding":
			h.encoded = len(values) > 0 && values[0] != ""
		case "Content-Type":
			h.typed = true
		case "Date":
			h.dated = true
		case "Connection":
			h.connected = true
			h.closes = httpguts.HeaderValuesContainsToken(values, "close")
		case "Trailer":
			h.trailers = h.trailers || len(values) > 0
		default:
			if strings.HasPrefix(key, http.TrailerPrefix) {
				h.trailers = true
				continue
			}
		}
		h.fields = append(h.fields, field{key, values})
	}
	return h
}

func (h *heading) drop(key string) {
	for i, f := range h.fields {
		if f.key == key {
			h.fields[i] = h.fields[len(h.fields)-1]
			h.fields = h.fields[:len(h.fields)-1]
			return
		}
	}
}

// added is what the server adds to a handler's header.
type added struct {
	length     int64 // -1 for none
	kind       string
	connection string
	chunked    bool
	date       []byte
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
	var few [12]field
	h := headingOf(header, few[:0])
	if w.sent != nil && !h.trailers {
		h.trailers = prefixed(w.header)
	}
	add := added{length: -1}
	if !h.dated {
		add.date = x.connection.on.dateValue()
	}
	head := x.head.request.Method == http.MethodHead
	allowed := bodyAllowed(w.status)
	hasLength := h.length && w.declared >= 0
	if w.is(returned) && !h.trailers && allowed && !hasLength && h.coding == nil && (!head || len(first) > 0) {
		add.length, w.declared, hasLength = int64(len(first)), int64(len(first)), true
	}
	if x.head.close || h.closes || !x.keepAlive() && w.status != http.StatusSwitchingProtocols {
		w.state |= closeAfter
	}
	// The body that the handler has not read goes first, as clients may not
	// look at the answer before they have sent it.
	if x.body != nil && !w.is(fullDuplex) && !w.is(closeAfter) && !x.body.drain() {
		w.state |= closeAfter
	}
	if !allowed {
		if h.length {
			h.drop("Content-Length")
		}
		if h.typed && w.status == http.StatusNotModified { // RFC 9110, section 15.4.5
			h.drop("Content-Type")
		}
	}
	if allowed && !h.typed && len(first) > 0 && !h.encoded && (len(h.coding) == 0 || h.coding[0] == "") {
		add.kind = http.DetectContentType(first)
	}
	recent := x.head.request.ProtoAtLeast(1, 1)
	switch {
	case head || !allowed || hasLength:
	case !recent || len(h.coding) > 0 && h.coding[0] == "identity":
		w.state |= closeAfter // which is where the body ends
	default:
		add.chunked = true
		w.state |= chunking
	}
	switch {
	case w.is(closeAfter) && !h.closes:
		if h.connected {
			h.drop("Connection")
		}
		if recent {
			add.connection = "close"
		}
	case !w.is(closeAfter) && !recent && header["Connection"] == nil:
		add.connection = "keep-alive"
	}
	w.state |= headSent
	x.work.pipeline.begin()
	x.work.out.statusLine(recent, w.status)
	x.work.out.fields(h.fields)
	x.work.out.added(&add)
}

func prefixed(header http.Header) bool {
	for key := range header {
		if strings.HasPrefix(key, http.TrailerPrefix) {
			return true
		}
	}
	return false
}

func (o *output) added(add *added) {
	o.room(200)
	b := o.memory
	if add.date != nil {
		b = append(append(append(b, "Date: "...), add.date...), "\r\n"...)
	}
	if add.length >= 0 {
		b = append(strconv.AppendInt(append(b, "Content-Length: "...), add.length, 10), "\r\n"...)
	}
	if add.kind != "" {
		b = append(append(append(b, "Content-Type: "...), add.kind...), "\r\n"...)
	}
	if add.connection != "" {
		b = append(append(append(b, "Connection: "...), add.connection...), "\r\n"...)
	}
	if add.chunked {
		b = append(b, "Transfer-Encoding: chunked\r\n"...)
	}
	o.memory = append(b, "\r\n"...)
}
