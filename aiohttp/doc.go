// Package aiohttp is HTTP on event loops: a server that runs any [http.Handler]
// of net/http unchanged, at the cost of an event loop. There is nothing to learn
// for who knows net/http. What is gained: an idle connection holds neither a
// goroutine nor a coroutine nor a buffer, a request's context ends as soon as
// its client leaves, and a request takes less CPU.
//
//	aio.Run(ctx, func(ctx context.Context) error {
//		server := &aiohttp.Server{Addr: "localhost:8080", Handler: mux}
//		return server.ListenAndServe(ctx)
//	})
//
// A handler runs on a goroutine of a pool, for handlers in the wild block: in a
// database driver, a mutex, another client. [OnLoop] marks one that awaits
// instead. It runs as a coroutine on its connection's loop, which is the fast
// way, and state that only such handlers of one loop touch needs no lock.
//
// [Server.ListenAndServeTLS] serves https, with HTTP/2 for clients that speak it.
// The connections of HTTP/2 are net/http's own and have goroutines; OnLoop holds
// there too.
//
// [Transport] is the client's side: an [http.RoundTripper] for an [http.Client],
// which awaits in a task and blocks in a goroutine.
//
// HTTP's meaning is RFC 9110's, HTTP/1.1 on the wire RFC 9112's and HTTP/2 RFC
// 9113's. Where they leave a choice it is net/http's, which is held by sending both
// the same bytes; the few differences that are on purpose, nearly all of them
// stricter, are listed in the README.
package aiohttp
