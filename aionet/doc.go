// Package aionet is networking on loops: connections that suspend a task and
// block a goroutine, servers on one loop or on several, and memory that lets
// one machine hold very many connections.
//
// A [Conn] is a net.Conn. In a task its Read and Write suspend the task, and a
// cancel interrupts them; in a plain goroutine they block, whatever the loops
// do meanwhile, for goroutines wait on a loop of their own in the background.
// So a Conn can be handed to any library that takes a net.Conn, a [Listener] to
// any that takes a net.Listener.
//
//	aio.Run(ctx, func(ctx context.Context) error {
//		listener, err := aionet.Listen(ctx, "tcp", "localhost:7000")
//		if err != nil {
//			return err
//		}
//		return aionet.Serve(ctx, listener, aionet.PerConnection(echo))
//	})
//
// [Serve] has one coroutine per connection ([PerConnection]), or borrows one for
// each readable event ([PerEvent]): then an idle connection holds neither a
// coroutine nor a buffer. With [Loops] it runs several loops beside each other;
// a connection stays on its loop for life, so what only its handlers touch
// needs no lock; a [Local] is a value for each loop.
//
// Two more forms of a handler have no task at all: [Callbacks] are asyncio's
// protocols, whose [Transport] buffers what cannot be sent at once, under TLS with
// [TLSCallbacks], and for datagrams a [DatagramProtocol]; and [Requests] has a pool of workers handle what the loops cut out of the bytes,
// as Kafka's server does.
//
// The package is for systems of the Unix family.
package aionet
