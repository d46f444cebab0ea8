// Package websocket is WebSocket (RFC 6455) on event loops: a server in any
// handler of package aiohttp or of net/http, and a client.
//
//	func chat(w http.ResponseWriter, r *http.Request) {
//		c, err := websocket.Accept(w, r, nil)
//		if err != nil {
//			return // the client has its answer
//		}
//		defer c.Close(websocket.StatusNormalClosure, "")
//		for message, err := range c.Messages(r.Context()) {
//			if err != nil {
//				return
//			}
//			c.Write(r.Context(), message.Type, message.Data)
//		}
//	}
//
// As everything of aio, a connection's calls suspend a task and block a plain
// goroutine. Pings are answered, fragments are put together, text is checked to
// be UTF-8, and the close handshake is done, all by themselves.
//
// That is the straight-line form: a handler that waits in [Conn.Read] holds its
// coroutine or goroutine, but no buffer. In the event form, [Conn.Handle], the
// handler returns, and a function is called with each message: on an aiohttp
// server an idle connection then holds neither.
//
// When an aiohttp server stops it closes its connections with
// [StatusGoingAway] and waits for the answers.
//
// A message of any length, or of one that nobody knows yet, goes through
// [Conn.NextWriter] and comes through [Conn.NextReader], in pieces and in little
// memory.
//
// [Broadcast] frames a message once, compresses it once, and never waits for a
// peer that does not read.
package websocket
