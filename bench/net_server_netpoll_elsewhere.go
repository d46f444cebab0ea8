//go:build linux && !amd64 && !arm64

package main

// netpollServes is nothing: netpoll does not compile for this processor.
var netpollServes map[string]netServer
