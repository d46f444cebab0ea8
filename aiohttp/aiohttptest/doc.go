// Package aiohttptest tests HTTP handlers and clients without a network and
// under virtual time: [net/http/httptest] for event loops.
//
//	func TestGreeting(t *testing.T) {
//		aiohttptest.Run(t, handler, func(ctx context.Context, client *http.Client) {
//			response, err := client.Get("/hello")
//			…
//		})
//	}
//
// The client and the server are those of package aiohttp, and speak HTTP/1.1 over
// connections in memory. A handler that sleeps for an hour answers in a
// millisecond, and every run is the same. The test fails if a goroutine, a task
// or an unread response is left.
//
// The limits of the server, of the transport and of WebSockets are on the loop's
// clock, and so are aio.Timeout, aio.WithTimeout and the Date of responses.
// [http.Client.Timeout], context.WithTimeout and the time that a handler gives
// ResponseController's deadlines are the system's: use aio.WithTimeout in code that is
// to be tested so. So are all limits of HTTP/2, whose connections have goroutines.
//
// Handlers run as coroutines of the test's loop, as if marked with
// [aiohttp.OnLoop]. So they must await: aio.Sleep and not time.Sleep, aio.Recv and
// not a receive. Blocking and goroutines are seen by the clock as in package
// aiotest.
package aiohttptest
