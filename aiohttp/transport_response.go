//go:build unix && !aix

package aiohttp

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
)

func malformed(format string, arguments ...any) error {
	return fmt.Errorf("aiohttp: malformed response: "+format, arguments...)
}

// parseResponse reads a head, RFC 9112, section 4, as net/http does. r has the
// request, if there is one.
func parseResponse(text string, r *http.Response) error {
	line, text, err := nextLine(text)
	if err != nil {
		return malformed("no status line")
	}
	if err := parseStatusLine(line, r); err != nil {
		return err
	}
	if r.Header, err = parseFields(unfold(text), nil); err != nil {
		var b *badRequest
		if errors.As(err, &b) {
			return malformed("%s", b.text)
		}
		return err
	}
	if pragma := r.Header["Pragma"]; len(pragma) > 0 && pragma[0] == "no-cache" {
		if _, has := r.Header["Cache-Control"]; !has {
			r.Header["Cache-Control"] = []string{"no-cache"}
		}
	}
	return responseFraming(r)
}

// parseStatusLine is RFC 9112, section 4.
func parseStatusLine(line string, r *http.Response) (err error) {
	proto, status, ok := strings.Cut(line, " ")
	if !ok {
		return malformed("status line %q", line)
	}
	r.Proto, r.Status = proto, strings.TrimLeft(status, " ")
	code, _, _ := strings.Cut(r.Status, " ")
	if len(code) != 3 {
		return malformed("status code %q", code)
	}
	if r.StatusCode, err = strconv.Atoi(code); err != nil || r.StatusCode < 0 {
		return malformed("status code %q", code)
	}
	if proto == "HTTP/1.1" {
		r.ProtoMajor, r.ProtoMinor = 1, 1
	} else if r.ProtoMajor, r.ProtoMinor, ok = http.ParseHTTPVersion(proto); !ok {
		return malformed("version %q", proto)
	}
	return nil
}

// unfold joins lines that were folded, as RFC 9112, section 5.2, wants of user
// agents. A first line that continues nothing is left as it is, and so refused. Its
// lines end with CR LF, so that a lone CR before an end stays one, which is refused.
func unfold(text string) string {
	if !strings.Contains(text, "\n ") && !strings.Contains(text, "\n\t") || text[0] == ' ' || text[0] == '\t' {
		return text
	}
	var b strings.Builder
	first := true
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		switch {
		case line != "" && (line[0] == ' ' || line[0] == '\t'):
			b.WriteByte(' ')
		case !first:
			b.WriteString("\r\n")
		}
		b.WriteString(trim(line))
		first = false
	}
	b.WriteString("\r\n")
	return b.String()
}

// responseFraming finds out how the body is delimited, RFC 9112, section 6, and
// whether the connection goes on.
func responseFraming(r *http.Response) error {
	chunked, err := responseCoding(r)
	if err != nil {
		return err
	}
	length, err := contentLength(r.Header)
	if err != nil {
		return err
	}
	options := r.Header["Connection"]
	closes := httpguts.HeaderValuesContainsToken(options, "close")
	r.Close = closes || r.ProtoMajor < 1 || r.ProtoMajor == 1 && r.ProtoMinor == 0 && !httpguts.HeaderValuesContainsToken(options, "keep-alive")
	if closes && r.ProtoAtLeast(1, 1) {
		delete(r.Header, "Connection") // it is in r.Close
	}
	if chunked && length >= 0 {
		r.Close = true // RFC 9112, section 6.3: the peer may see a boundary elsewhere
	}
	r.ContentLength = length
	head := r.Request != nil && r.Request.Method == http.MethodHead
	switch {
	case head:
	case bodiless(r.StatusCode):
		r.ContentLength = 0
	case chunked:
		delete(r.Header, "Content-Length")
		r.ContentLength = -1
	case length < 0:
		delete(r.Header, "Content-Length")
		r.Close = true // which is where the body ends
	}
	if !chunked {
		return nil
	}
	r.TransferEncoding = []string{"chunked"}
	return responseTrailers(r)
}

// bodiless reports whether responses of a status have no body.
func bodiless(status int) bool {
	return status/100 == 1 || status == http.StatusNoContent || status == http.StatusNotModified
}

// responseCoding reports whether the body is chunked. In HTTP/1.0 there are no
// transfer codings.
func responseCoding(r *http.Response) (bool, error) {
	codings, has := r.Header["Transfer-Encoding"]
	if !has {
		return false, nil
	}
	delete(r.Header, "Transfer-Encoding")
	switch {
	case !r.ProtoAtLeast(1, 1):
		return false, nil
	case len(codings) != 1 || !equalFold(codings[0], "chunked"):
		return false, malformed("unsupported transfer encoding %q", codings)
	}
	return true, nil
}

// contentLength returns -1 if there is none.
func contentLength(header http.Header) (int64, error) {
	lengths := header["Content-Length"]
	if len(lengths) == 0 {
		return -1, nil
	}
	first := trim(lengths[0])
	for _, other := range lengths[1:] {
		if trim(other) != first {
			return 0, malformed("different Content-Length headers %q", lengths)
		}
	}
	if len(lengths) > 1 {
		header["Content-Length"] = []string{first}
	}
	n, err := strconv.ParseUint(first, 10, 63)
	if err != nil {
		return 0, malformed("Content-Length %q", first)
	}
	return int64(n), nil
}

// responseTrailers announces the trailer fields.
func responseTrailers(r *http.Response) error {
	announced, has := r.Header["Trailer"]
	if !has {
		return nil
	}
	delete(r.Header, "Trailer")
	for _, list := range announced {
		for _, name := range splitList(list) {
			key := http.CanonicalHeaderKey(name)
			if forbiddenTrailer(key) {
				return malformed("bad trailer key %q", key)
			}
			if r.Trailer == nil {
				r.Trailer = http.Header{}
			}
			r.Trailer[key] = nil
		}
	}
	return nil
}
