//go:build unix && !aix

package main

import (
	"bytes"
	"strconv"

	"github.com/tidwall/redcon"
)

// batch are the commands of one read of a connection when there are several
// shards. Each shard gets its part of all commands at once, in order; the
// replies are put together when all are there. So the commands of a connection
// keep their order for each key, and each command is atomic on each shard.
type batch struct {
	client  *client
	calls   []call
	parts   [][]*part // by shard
	waiting int       // shards that have not answered
}

// call is one command with its parts.
type call struct {
	keys  keys
	parts []*part
}

// part is what one shard does of a command. While the shard has it nobody else
// touches it.
type part struct {
	run   func(s *store, out []byte, args [][]byte) []byte
	args  [][]byte
	reply []byte
}

// collect adds a command to the batch, with copies of its arguments.
func (c *client) collect(command *command, args [][]byte) {
	own := make([][]byte, len(args))
	for i, arg := range args {
		own[i] = bytes.Clone(arg)
	}
	b := c.collecting()
	call := call{keys: command.keys}
	add := func(shard int, args ...[]byte) {
		p := &part{run: command.run, args: args}
		b.parts[shard] = append(b.parts[shard], p)
		call.parts = append(call.parts, p)
	}
	switch command.keys {
	case noKeys:
		add(0, own...)
	case firstKey:
		add(c.shards.of(own[1]), own...)
	case sumKeys, eachKey:
		for _, key := range own[1:] {
			add(c.shards.of(key), own[0], key)
		}
	case pairs:
		for i := 1; i < len(own); i += 2 {
			add(c.shards.of(own[i]), own[0], own[i], own[i+1])
		}
	case allSum, allOK:
		for i := range c.shards.all {
			add(i, own...)
		}
	}
	b.calls = append(b.calls, call)
}

// collectReply adds an answer that is known already.
func (c *client) collectReply(reply []byte) {
	b := c.collecting()
	b.calls = append(b.calls, call{parts: []*part{{reply: reply}}})
}

func (c *client) collecting() *batch {
	if c.batch == nil {
		c.batch = &batch{client: c, parts: make([][]*part, len(c.shards.all))}
	}
	return c.batch
}

// start hands each shard its parts.
func (b *batch) start() {
	home := b.client.home
	for i, parts := range b.parts {
		if len(parts) == 0 {
			continue
		}
		b.waiting++
		shard := b.client.shards.all[i]
		shard.store.loop.CallSoon(func() {
			for _, p := range parts {
				p.reply = p.run(shard.store, nil, p.args)
			}
			home.store.loop.CallSoon(b.answered)
		})
	}
	if b.waiting == 0 {
		b.waiting = 1
		b.answered()
	}
}

// answered is called on the connection's loop when a shard is done.
func (b *batch) answered() {
	if b.waiting--; b.waiting > 0 {
		return
	}
	c := b.client
	c.batch = nil
	if c.lost {
		return
	}
	c.replies = c.home.reply(c)
	for _, call := range b.calls {
		c.replies = call.join(c.replies)
	}
	c.resume()
}

// join makes one reply of those of the parts.
func (c call) join(out []byte) []byte {
	switch c.keys {
	case sumKeys, allSum:
		sum := int64(0)
		for _, p := range c.parts {
			n, _ := strconv.ParseInt(string(bytes.TrimSpace(p.reply[1:])), 10, 64)
			sum += n
		}
		return redcon.AppendInt(out, sum)
	case eachKey:
		out = redcon.AppendArray(out, len(c.parts))
		for _, p := range c.parts {
			_, element, _ := bytes.Cut(p.reply, []byte("\r\n")) // behind the header of an array of one
			out = append(out, element...)
		}
		return out
	}
	return append(out, c.parts[0].reply...)
}
