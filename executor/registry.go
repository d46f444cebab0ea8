package executor

import (
	"context"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// registry holds what Func has registered, by name. It is the same in every
// process of one program as long as functions are registered before [Main].
type registry struct {
	mu        sync.RWMutex
	functions map[string]*registration
}

var registered = registry{functions: map[string]*registration{}}

// registration is what a function's type parameters leave over.
type registration struct {
	name    string
	in, out reflect.Type
	where   string // where the function's code begins, as file:line
	// serve runs the function on an encoded input, in a worker.
	serve served
}

// signature is what two processes must agree on.
func (r *registration) signature() string {
	return fmt.Sprintf("%s: %v -> %v", r.name, r.in, r.out)
}

func (r *registry) add(f *registration) {
	if f.name == "" || len(f.name) > maxName || strings.ContainsFunc(f.name, func(c rune) bool { return c < ' ' }) {
		panic(fmt.Sprintf("executor: %q cannot name a function: a name has 1 to %d bytes and no control characters", f.name, maxName))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if other := r.functions[f.name]; other != nil {
		panic(fmt.Sprintf("executor: two functions are named %q: that at %s and that at %s", f.name, other.where, f.where))
	}
	r.functions[f.name] = f
}

// maxName bounds names, which travel with every call.
const maxName = 255

func (r *registry) find(name string) *registration {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.functions[name]
}

// signatures returns those of all functions, sorted.
func (r *registry) signatures() []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	all := make([]string, 0, len(r.functions))
	for _, f := range r.functions {
		all = append(all, f.signature())
	}
	slices.Sort(all)
	return all
}

// whereIs returns the place of a function's code.
func whereIs(fn any) string {
	f := runtime.FuncForPC(reflect.ValueOf(fn).Pointer())
	if f == nil {
		return "an unknown place"
	}
	file, line := f.FileLine(f.Entry())
	return fmt.Sprintf("%s (%s:%d)", f.Name(), file, line)
}

// served runs a function on an encoded input and returns its encoded result.
type served func(ctx context.Context, input []byte) (output []byte, err error)
