//go:build unix && !aix

package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

type note struct {
	ID   int    `json:"id"`
	Text string `json:"text"`
	Done bool   `json:"done"`
}

// notes are kept in memory. Only an await would let another request in between,
// and there is none between a look and what follows from it.
type notes struct {
	byID map[int]note
	last int
}

func (n *notes) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /notes", n.list)
	mux.HandleFunc("POST /notes", n.create)
	mux.HandleFunc("GET /notes/{id}", n.get)
	mux.HandleFunc("PUT /notes/{id}", n.replace)
	mux.HandleFunc("DELETE /notes/{id}", n.remove)
	return mux
}

func (n *notes) list(w http.ResponseWriter, _ *http.Request) {
	all := slices.SortedFunc(maps.Values(n.byID), func(a, b note) int { return cmp.Compare(a.ID, b.ID) })
	if all == nil {
		all = []note{}
	}
	answer(w, http.StatusOK, all)
}

func (n *notes) create(w http.ResponseWriter, r *http.Request) {
	var one note
	if !read(w, r, &one) {
		return
	}
	n.last++
	one.ID = n.last
	n.byID[one.ID] = one
	w.Header().Set("Location", fmt.Sprintf("/notes/%d", one.ID))
	answer(w, http.StatusCreated, one)
}

func (n *notes) get(w http.ResponseWriter, r *http.Request) {
	if one, ok := n.find(w, r); ok {
		answer(w, http.StatusOK, one)
	}
}

func (n *notes) replace(w http.ResponseWriter, r *http.Request) {
	var one note
	if _, ok := n.find(w, r); !ok || !read(w, r, &one) {
		return
	}
	// The body was awaited, and the note may be gone since.
	before, ok := n.find(w, r)
	if !ok {
		return
	}
	one.ID = before.ID
	n.byID[one.ID] = one
	answer(w, http.StatusOK, one)
}

func (n *notes) remove(w http.ResponseWriter, r *http.Request) {
	if one, ok := n.find(w, r); ok {
		delete(n.byID, one.ID)
		w.WriteHeader(http.StatusNoContent)
	}
}

// find returns the note that the path names, or answers that there is none.
func (n *notes) find(w http.ResponseWriter, r *http.Request) (note, bool) {
	id, err := strconv.Atoi(r.PathValue("id"))
	one, ok := n.byID[id]
	if err != nil || !ok {
		refuse(w, http.StatusNotFound, "there is no note "+strconv.Quote(r.PathValue("id")))
		return note{}, false
	}
	return one, true
}

// read reads the body, or answers what is wrong with it.
func read(w http.ResponseWriter, r *http.Request, to *note) bool {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	err := decoder.Decode(to)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		refuse(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("a note has at most %d bytes", large.Limit))
	case err != nil:
		refuse(w, http.StatusBadRequest, "the body is no note: "+err.Error())
	case strings.TrimSpace(to.Text) == "":
		refuse(w, http.StatusUnprocessableEntity, "a note needs a text")
	default:
		return true
	}
	return false
}

func refuse(w http.ResponseWriter, status int, text string) {
	answer(w, status, map[string]string{"error": text})
}

func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // who has left needs no answer
}
