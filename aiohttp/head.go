//go:build unix && !aix

package aiohttp

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// badRequest is a request that cannot be answered by a handler. The connection
// is closed after the answer, for nobody knows where the next request begins.
type badRequest struct {
	status int
	text   string
}

func (e *badRequest) Error() string { return fmt.Sprintf("aiohttp: bad request: %s", e.text) }

func bad(text string) error { return &badRequest{http.StatusBadRequest, text} }

// endOfHead returns how long the head at the start of b is, its empty line
// included, or -1 if that has not come yet. from is where an earlier search
// stopped. Lines end with LF, or CR LF.
func endOfHead(b []byte, from int) int {
	for i := max(0, from-3); ; {
		j := bytes.IndexByte(b[i:], '\n')
		if j < 0 {
			return -1
		}
		i += j + 1
		switch {
		case i < len(b) && b[i] == '\n':
			return i + 1
		case i+1 < len(b) && b[i] == '\r' && b[i+1] == '\n':
			return i + 2
		}
	}
}

// leadingLineEnds returns how many line ends stand at the start of b, room at
// most. After the body of a POST some clients send one that does not count;
// before other requests an empty line is refused, as net/http does.
func leadingLineEnds(b []byte, room int) (n int) {
	for n < min(len(b), room) && (b[n] == '\r' || b[n] == '\n') {
		n++
	}
	return n
}

// head is what parse makes of a request's head.
type head struct {
	request http.Request
	url     url.URL
	length  int64 // of the body, if it is not chunked
	hosts   uint8 // Host fields: none, one or several
	has     fieldSet
	chunked bool
	close   bool // the client closes after the answer
	expect  bool // the client waits for 100 Continue
	unmet   bool // the client expects something else
}

// parse reads a head. It takes one string for all of it, of which the names and
// values are parts.
func (h *head) parse(text string) error {
	line, text, err := nextLine(text)
	if err != nil {
		return err
	}
	if err := h.requestLine(line); err != nil {
		return err
	}
	if err := h.fields(text); err != nil {
		return err
	}
	if err := h.framing(); err != nil {
		return err
	}
	if err := h.host(); err != nil {
		return err
	}
	return h.connection()
}

// fieldSet says which fields there are that matter to the server itself, so that
// it need not ask the map for them.
type fieldSet uint8

const (
	hasLength fieldSet = 1 << iota
	hasCoding
	hasTrailer
	hasConnection
	hasExpect
)

func setOf(key string) fieldSet {
	switch key {
	case "Content-Length":
		return hasLength
	case "Transfer-Encoding":
		return hasCoding
	case "Trailer":
		return hasTrailer
	case "Connection":
		return hasConnection
	case "Expect":
		return hasExpect
	}
	return 0
}

func nextLine(text string) (line, rest string, err error) {
	i := strings.IndexByte(text, '\n')
	if i < 0 {
		return "", "", bad("malformed request")
	}
	line, rest = text[:i], text[i+1:]
	return strings.TrimSuffix(line, "\r"), rest, nil
}

// requestLine is RFC 9112, section 3.
func (h *head) requestLine(line string) error {
	r := &h.request
	method, rest, ok := strings.Cut(line, " ")
	target, proto, ok2 := strings.Cut(rest, " ")
	if !ok || !ok2 {
		return bad("malformed request line")
	}
	if !httpguts.ValidHeaderFieldName(method) {
		return bad("invalid method")
	}
	if proto == "HTTP/1.1" {
		r.ProtoMajor, r.ProtoMinor = 1, 1
	} else if major, minor, ok := http.ParseHTTPVersion(proto); !ok {
		return bad("malformed HTTP version")
	} else if r.ProtoMajor, r.ProtoMinor = major, minor; major != 1 {
		return &badRequest{http.StatusHTTPVersionNotSupported, "unsupported protocol version"}
	}
	r.Method, r.RequestURI, r.Proto = method, target, proto
	return h.target(target)
}

// target parses the request target. Most are a plain path, which needs no more
// than a look at each byte.
func (h *head) target(target string) error {
	if plainPath(target) {
		h.url = url.URL{Path: target}
		if i := strings.IndexByte(target, '?'); i >= 0 {
			h.url.Path, h.url.RawQuery = target[:i], target[i+1:]
			h.url.ForceQuery = h.url.RawQuery == ""
		}
		h.request.URL = &h.url
		return nil
	}
	// A CONNECT names an authority alone.
	authority := h.request.Method == http.MethodConnect && !strings.HasPrefix(target, "/")
	if authority {
		target = "http://" + target
	}
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return bad("malformed request target")
	}
	if authority {
		u.Scheme = ""
	}
	h.request.URL = u
	return nil
}

// plainPath reports whether url.ParseRequestURI would take the target as it is:
// an absolute path of unreserved characters, with or without a query.
func plainPath(target string) bool {
	if len(target) == 0 || target[0] != '/' || strings.HasPrefix(target, "//") {
		return false
	}
	for i := range len(target) {
		if !plainByte[target[i]] {
			if target[i] == '?' {
				return plainQuery(target[i+1:])
			}
			return false
		}
	}
	return true
}

func plainQuery(query string) bool {
	for i := range len(query) {
		if c := query[i]; c <= ' ' || c >= 0x7f || c == '#' {
			return false
		}
	}
	return true
}

var plainByte = func() (plain [256]bool) {
	for _, c := range "/-._~$&+,;=:@0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" {
		plain[c] = true
	}
	return plain
}()

// fields is RFC 9110, section 5. A line that continues the one before it is
// refused, as the RFC has it: proxies differ in what they make of it.
func (h *head) fields(text string) error {
	var err error
	h.request.Header, err = parseFields(text, h)
	return err
}

// parseFields parses the fields of a request or, without h, of a response. A
// request's Host is no part of the header, and h is told what else matters to
// the server itself.
func parseFields(text string, h *head) (http.Header, error) {
	lines := strings.Count(text, "\n") - 1
	if h != nil {
		lines-- // for Host
	}
	header := make(http.Header, max(0, lines))
	var values []string
	for {
		line, rest, err := nextLine(text)
		if err != nil {
			return header, err
		}
		if text = rest; line == "" {
			return header, nil
		}
		colon := strings.IndexByte(line, ':')
		if colon <= 0 {
			return header, bad("malformed header line")
		}
		key, ok := canonicalKey(line[:colon])
		if !ok {
			return header, bad("invalid header name")
		}
		value := trim(line[colon+1:])
		if !validValue(value) {
			return header, bad("invalid header value")
		}
		if h != nil {
			if key == "Host" {
				if h.hosts = min(h.hosts+1, 2); h.hosts == 1 {
					h.request.Host = value
				}
				continue
			}
			h.has |= setOf(key)
		}
		if present, is := header[key]; is {
			header[key] = append(present, value)
			continue
		}
		if len(values) == 0 {
			values = make([]string, max(1, lines))
		}
		values[0] = value
		header[key], values = values[:1:1], values[1:]
	}
}

// trim takes optional white space off (RFC 9110, section 5.6.3).
func trim(s string) string {
	for len(s) > 0 && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for len(s) > 0 && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}

func validValue(value string) bool {
	for i := range len(value) {
		if c := value[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// canonicalKey returns the canonical form of a name, and whether it is one.
// Clients send it mostly canonical already.
func canonicalKey(name string) (string, bool) {
	upper, canonical := true, true
	for i := range len(name) {
		c := name[i]
		if !token[c] {
			return "", false
		}
		if upper && 'a' <= c && c <= 'z' || !upper && 'A' <= c && c <= 'Z' {
			canonical = false
		}
		upper = c == '-'
	}
	if canonical {
		return name, true
	}
	return http.CanonicalHeaderKey(name), true
}

var token = func() (t [256]bool) {
	for c := range t {
		t[c] = httpguts.IsTokenRune(rune(c)) && c < 0x80
	}
	return t
}()

// host is RFC 9112, section 3.2.
func (h *head) host() error {
	r := &h.request
	switch {
	case h.hosts > 1:
		return bad("too many Host headers")
	case h.hosts == 0 && r.ProtoAtLeast(1, 1) && r.Method != http.MethodConnect:
		return bad("missing required Host header")
	case h.hosts == 1 && !httpguts.ValidHostHeader(r.Host):
		return bad("malformed Host header")
	}
	if r.URL.Host != "" {
		r.Host = r.URL.Host
	}
	return nil
}

// framing is RFC 9112, section 6. A request with both a length and a transfer
// coding is what smuggling is made of, and refused.
func (h *head) framing() error {
	if h.has&(hasLength|hasCoding) == 0 {
		return nil
	}
	r := &h.request
	codings := r.Header["Transfer-Encoding"]
	lengths := r.Header["Content-Length"]
	if len(codings) > 0 {
		delete(r.Header, "Transfer-Encoding")
		switch {
		case !r.ProtoAtLeast(1, 1):
			return bad("a transfer coding in HTTP/1.0")
		case len(codings) > 1:
			return &badRequest{http.StatusNotImplemented, "too many transfer encodings"}
		case !equalFold(codings[0], "chunked"):
			return &badRequest{http.StatusNotImplemented, "unsupported transfer encoding"}
		case len(lengths) > 0:
			return bad("both a length and a transfer coding")
		}
		h.chunked = true
		r.TransferEncoding = chunkedCoding
		r.ContentLength = -1
		return h.trailers()
	}
	if len(lengths) == 0 {
		return nil
	}
	for _, other := range lengths[1:] {
		if trim(other) != trim(lengths[0]) {
			return bad("different Content-Length headers")
		}
	}
	r.Header["Content-Length"] = lengths[:1:1]
	n, err := strconv.ParseUint(trim(lengths[0]), 10, 63)
	if err != nil {
		return bad("bad Content-Length")
	}
	h.length = int64(n)
	r.ContentLength = h.length
	return nil
}

var chunkedCoding = []string{"chunked"}

// trailers announces the trailer fields, as net/http does.
func (h *head) trailers() error {
	r := &h.request
	if h.has&hasTrailer == 0 {
		return nil
	}
	announced := r.Header["Trailer"]
	delete(r.Header, "Trailer")
	for _, list := range announced {
		for name := range strings.SplitSeq(list, ",") {
			if name = trim(name); name == "" {
				continue
			}
			key := http.CanonicalHeaderKey(name)
			if forbiddenTrailer(key) {
				return bad("bad trailer key")
			}
			if r.Trailer == nil {
				r.Trailer = http.Header{}
			}
			r.Trailer[key] = nil
		}
	}
	return nil
}

func forbiddenTrailer(key string) bool {
	return key == "Transfer-Encoding" || key == "Trailer" || key == "Content-Length"
}

// connection is RFC 9112, section 9, and RFC 9110, section 10.1.1.
func (h *head) connection() error {
	r := &h.request
	if h.has&(hasConnection|hasExpect) == 0 && r.ProtoAtLeast(1, 1) {
		return nil
	}
	options := r.Header["Connection"]
	h.close = len(options) > 0 && (httpguts.HeaderValuesContainsToken(options, "close") || looseToken(options[0], "close"))
	if !r.ProtoAtLeast(1, 1) && !(len(options) > 0 && looseToken(options[0], "keep-alive")) {
		h.close = true
	}
	r.Close = httpguts.HeaderValuesContainsToken(options, "close") || !r.ProtoAtLeast(1, 1) && !httpguts.HeaderValuesContainsToken(options, "keep-alive")
	if expectation := r.Header["Expect"]; len(expectation) > 0 {
		h.expect = looseToken(expectation[0], "100-continue")
		h.unmet = !h.expect && expectation[0] != ""
		h.expect = h.expect && r.ProtoAtLeast(1, 1)
	}
	return nil
}

// looseToken reports whether a token stands in a value between spaces or commas:
// net/http takes what is no proper list too.
func looseToken(value, token string) bool {
	for word := range strings.FieldsFuncSeq(value, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' }) {
		if equalFold(word, token) {
			return true
		}
	}
	return false
}

// equalFold compares without regard to case, but only to that of ASCII:
// strings.EqualFold takes the Kelvin sign for a k, so that a proxy beside us would
// see another coding or option than we do.
func equalFold(s, t string) bool { return ascii(s) && strings.EqualFold(s, t) }
