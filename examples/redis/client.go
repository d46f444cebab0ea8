//go:build unix && !aix

package main

import (
	"github.com/tidwall/redcon"

	"github.com/goaio/aio/aionet"
)

// client is the protocol of one connection.
type client struct {
	aionet.BaseProtocol
	shards    *shards
	home      *shard // whose loop the connection is on
	transport *aionet.Transport
	partial   []byte // the beginning of a command
	replies   []byte // that the flush of this round sends
	batch     *batch // commands that other loops work on; reading is paused meanwhile
	choked    bool   // replies wait to be sent; reading is paused meanwhile
	last      bool   // close behind the replies
	lost      bool
}

// What a client may send as one command.
const maxCommand = 64 << 20

func (c *client) ConnectionMade(t *aionet.Transport) { c.transport = t }
func (c *client) ConnectionLost(error)               { c.lost = true }

func (c *client) PauseWriting() {
	c.choked = true
	c.transport.PauseReading()
}

func (c *client) ResumeWriting() {
	c.choked = false
	c.resume()
}

func (c *client) resume() {
	if !c.choked && c.batch == nil && !c.last {
		c.transport.ResumeReading()
	}
}

// Drain closes the connection when the commands it has sent are answered.
func (c *client) Drain() {
	c.close()
	if c.batch == nil && c.replies == nil {
		_ = c.transport.Close()
	}
}

// DataReceived runs the commands that are whole. Their replies are sent by the
// flush at the end of the round.
func (c *client) DataReceived(data []byte) {
	if len(c.partial) > 0 {
		c.partial = append(c.partial, data...)
		data = c.partial
	}
	h := c.home
	out := h.reply(c)
	for {
		whole, args, kind, rest, err := redcon.ReadNextCommand(data, h.args[:0])
		if err != nil || kind == redcon.Tile38 || !whole && len(data) > maxCommand {
			out = c.answer(out, redcon.AppendError(nil, "ERR Protocol error"))
			c.close()
			break
		}
		if !whole {
			break
		}
		h.args = args
		data = rest
		if len(args) == 0 {
			continue
		}
		command := find(args[0])
		if problem := check(command, args); problem != "" {
			out = c.answer(out, redcon.AppendError(nil, problem))
			continue
		}
		if len(c.shards.all) > 1 {
			c.collect(command, args)
		} else {
			out = command.run(h.store, out, args)
		}
		if command == quit {
			c.close()
			break
		}
	}
	c.replies = out
	c.keep(data)
	if c.batch != nil {
		c.transport.PauseReading()
		c.batch.start()
	}
}

// answer gives a reply at once, or in its turn among the commands of the batch.
func (c *client) answer(out, reply []byte) []byte {
	if len(c.shards.all) == 1 {
		return append(out, reply...)
	}
	c.collectReply(reply)
	return out
}

// close closes the connection behind the replies.
func (c *client) close() {
	c.last = true
	c.transport.PauseReading()
}

// flush sends the replies. It is called when all clients that were ready have
// been read, as Redis does it: the clients are then woken together, which costs
// all of them less than one by one.
func (c *client) flush(replies []byte) {
	if c.lost {
		return
	}
	_, _ = c.transport.Write(replies)
	if c.last && c.batch == nil {
		_ = c.transport.Close()
	}
}

// keep copies the beginning of a command, for data is the loop's.
func (c *client) keep(data []byte) {
	if len(data) == 0 {
		c.partial = nil
	} else if len(c.partial) == 0 || len(data) < len(c.partial) {
		c.partial = append([]byte(nil), data...)
	}
}
