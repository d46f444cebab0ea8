//go:build unix && !aix

package serve

import (
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"
	"syscall"
)

// folder is the handler. Nothing outside of the root is served: not by "..", and
// not by a symbolic link.
type folder struct {
	root   *os.Root
	hidden bool // is served too
}

func (f *folder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "files can be read here, and nothing else", http.StatusMethodNotAllowed)
		return
	}
	name, ok := f.local(r.URL.Path)
	if !ok {
		http.NotFound(w, r)
		return
	}
	file, info, err := f.open(name)
	if err != nil {
		refuse(w, r, err)
		return
	}
	defer file.Close()
	slash := strings.HasSuffix(r.URL.Path, "/")
	switch {
	case info.IsDir() && !slash:
		redirect(w, r, "./"+url.PathEscape(path.Base(name))+"/")
	case info.IsDir():
		f.page(w, r, name, file)
	case slash:
		redirect(w, r, "../"+url.PathEscape(path.Base(name)))
	default:
		http.ServeContent(w, r, info.Name(), info.ModTime(), file)
	}
}

// local makes a name within the root of a path, and reports whether it may be
// served.
func (f *folder) local(urlPath string) (name string, ok bool) {
	if strings.ContainsRune(urlPath, 0) {
		return "", false
	}
	name = strings.TrimPrefix(path.Clean("/"+urlPath), "/")
	if name == "" {
		return ".", true
	}
	for element := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(element, ".") && !f.hidden {
			return "", false
		}
	}
	return name, true
}

var errNotRegular = errors.New("neither a file nor a folder")

// open opens a file or a folder. Other things, such as a pipe that nobody writes
// to, could take for ever.
func (f *folder) open(name string) (*os.File, fs.FileInfo, error) {
	file, err := f.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.IsDir() && !info.Mode().IsRegular() {
		err = errNotRegular
	}
	if err != nil {
		_ = file.Close()
		return nil, nil, err
	}
	return file, info, nil
}

// page answers with a folder's index.html, or with a list of what is in it.
func (f *folder) page(w http.ResponseWriter, r *http.Request, name string, file *os.File) {
	if index, info, err := f.open(path.Join(name, "index.html")); err == nil {
		defer index.Close()
		if !info.IsDir() {
			http.ServeContent(w, r, info.Name(), info.ModTime(), index)
			return
		}
	}
	entries, err := f.list(name, file)
	if err != nil {
		refuse(w, r, err)
		return
	}
	writeListing(w, name, entries)
}

// redirect leads to a relative place: an absolute one could be another site's,
// as //example.com is.
func redirect(w http.ResponseWriter, r *http.Request, to string) {
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusMovedPermanently)
}

// refuse does not say what exists outside of the root.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, errNotRegular):
		http.Error(w, "this cannot be read", http.StatusForbidden)
	default:
		http.NotFound(w, r)
	}
}
