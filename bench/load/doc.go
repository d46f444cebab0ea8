// Package load drives an echo server or an HTTP server over loopback TCP and says what it gave back: a closed loop for throughput, an
// open one for latency, idle connections for memory. Linux only.
//
// It is one thread on raw epoll, because it may have to share a machine of two cores with the server it loads.
package load
