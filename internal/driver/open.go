package driver

import (
	"fmt"
	"os"
	"strings"
)

// Environment is the environment variable that names the driver for a program that does not.
const Environment = "AIO_DRIVER"

type named struct {
	name string
	open func() (Driver, error)
}

// Open makes a driver: of the given name, or with an empty name of the one in $AIO_DRIVER, or else the system's default
// (epoll on Linux, kqueue on macOS and the BSDs, portable elsewhere). The error for a name that this system does not have lists those it has.
func Open(name string) (Driver, error) {
	from := ""
	if name == "" {
		name, from = os.Getenv(Environment), " (from $"+Environment+")"
	}
	if name == "" {
		return system[0].open()
	}
	var names []string
	for _, d := range system {
		if d.name == name {
			return d.open()
		}
		names = append(names, d.name)
	}
	return nil, fmt.Errorf("driver: no driver %q%s on this system; there are: %s", name, from, strings.Join(names, ", "))
}

func openSimulated() (Driver, error) { return NewSimulated(), nil }
