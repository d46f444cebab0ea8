//go:build unix && !aix

package serve

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"
	"time"
)

//go:embed listing.html
var listingText string

var listing = template.Must(template.New("listing").Parse(listingText))

// entry is a line of a folder's list.
type entry struct {
	Name     string
	Folder   bool
	Size     int64
	Modified time.Time
}

// Link leads to it. Without the dot a name such as "a:b" would be a scheme.
func (e entry) Link() string {
	link := "./" + url.PathEscape(e.Name)
	if e.Folder {
		link += "/"
	}
	return link
}

// Measure is the size for a person.
func (e entry) Measure() string {
	if e.Folder {
		return ""
	}
	return size(e.Size)
}

// When is the time for a person.
func (e entry) When() string { return e.Modified.Format("2006-01-02 15:04") }

// list returns what is in a folder and may be served: folders first. A link that
// leads nowhere, or out, is not listed.
func (f *folder) list(name string, file *os.File) ([]entry, error) {
	found, err := file.ReadDir(-1)
	if err != nil {
		return nil, err
	}
	entries := make([]entry, 0, len(found))
	for _, one := range found {
		if strings.HasPrefix(one.Name(), ".") && !f.hidden {
			continue
		}
		info, err := one.Info()
		if err == nil && info.Mode()&fs.ModeSymlink != 0 {
			info, err = f.root.Stat(path.Join(name, one.Name()))
		}
		if err != nil || !info.IsDir() && !info.Mode().IsRegular() {
			continue
		}
		entries = append(entries, entry{one.Name(), info.IsDir(), info.Size(), info.ModTime()})
	}
	slices.SortFunc(entries, func(a, b entry) int {
		if a.Folder != b.Folder {
			if a.Folder {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	return entries, nil
}

// crumb is one of the folders on the way.
type crumb struct{ Name, Link string }

func crumbs(name string) []crumb {
	if name == "." {
		return nil
	}
	elements := strings.Split(name, "/")
	way := make([]crumb, len(elements))
	for i, element := range elements {
		way[i] = crumb{element, "./" + strings.Repeat("../", len(elements)-1-i)}
	}
	return way
}

func writeListing(w http.ResponseWriter, name string, entries []entry) {
	way := crumbs(name)
	title, bytesIn, folders := "/", int64(0), 0
	if name != "." {
		title = "/" + name + "/"
	}
	for _, e := range entries {
		if e.Folder {
			folders++
		} else {
			bytesIn += e.Size
		}
	}
	var page bytes.Buffer
	err := listing.Execute(&page, map[string]any{
		"Title": title, "Home": "./" + strings.Repeat("../", len(way)), "Way": way, "Entries": entries,
		"Summary": fmt.Sprintf("%s, %s, %s", count(folders, "folder"), count(len(entries)-folders, "file"), size(bytesIn)),
	})
	if err != nil {
		http.Error(w, "the list could not be made", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	h.Set("Cache-Control", "no-cache")
	_, _ = w.Write(page.Bytes())
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// size is a number of bytes for a person.
func size(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n), 0
	for value >= 999.5 {
		value /= 1000
		unit++
	}
	if value < 9.95 {
		return fmt.Sprintf("%.1f %cB", value, " kMGTPE"[unit])
	}
	return fmt.Sprintf("%.0f %cB", value, " kMGTPE"[unit])
}
