//go:build unix && !aix

package main

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/tidwall/redcon"
)

// command is one of Redis's. Its function appends the reply to out.
type command struct {
	least int // arguments, with the name
	keys  keys
	run   func(s *store, out []byte, args [][]byte) []byte
}

// keys says which of a command's arguments are keys, and how the replies are
// joined when they are of several shards.
type keys uint8

const (
	noKeys   keys = iota // any shard will do
	firstKey             // the first argument
	sumKeys              // all arguments; replies are numbers to be added
	eachKey              // all arguments; an array of the replies
	pairs                // keys and values in turn; the reply is OK
	allSum               // every shard; replies are numbers to be added
	allOK                // every shard; the reply is OK
)

// find looks a command up without allocating.
func find(name []byte) *command {
	var upper [16]byte
	if len(name) > len(upper) {
		return nil
	}
	for i, b := range name {
		if 'a' <= b && b <= 'z' {
			b -= 'a' - 'A'
		}
		upper[i] = b
	}
	return commands[string(upper[:len(name)])]
}

// check returns the error of a command that cannot be run.
func check(c *command, args [][]byte) string {
	switch {
	case c == nil:
		return fmt.Sprintf("ERR unknown command '%.100s'", bytes.ToLower(args[0]))
	case len(args) < c.least || c.keys == pairs && len(args)%2 == 0:
		return fmt.Sprintf("ERR wrong number of arguments for '%s' command", bytes.ToLower(args[0]))
	}
	return ""
}

var (
	commands map[string]*command
	quit     *command // ends the connection
)

func init() {
	commands = map[string]*command{
		"PING":    {1, noKeys, ping},
		"ECHO":    {2, noKeys, func(_ *store, out []byte, args [][]byte) []byte { return redcon.AppendBulk(out, args[1]) }},
		"SELECT":  {2, noKeys, selectDatabase},
		"COMMAND": {1, noKeys, func(_ *store, out []byte, _ [][]byte) []byte { return redcon.AppendArray(out, 0) }},
		"CONFIG":  {2, noKeys, config},
		"CLIENT":  {2, noKeys, func(_ *store, out []byte, _ [][]byte) []byte { return redcon.AppendOK(out) }},
		"QUIT":    {1, noKeys, func(_ *store, out []byte, _ [][]byte) []byte { return redcon.AppendOK(out) }},

		"DBSIZE":   {1, allSum, dbsize},
		"FLUSHALL": {1, allOK, flush},
		"FLUSHDB":  {1, allOK, flush},
		"DEL":      {2, sumKeys, del},
		"UNLINK":   {2, sumKeys, del},
		"EXISTS":   {2, sumKeys, exists},
		"TYPE":     {2, firstKey, typeOf},
		"EXPIRE":   {3, firstKey, expire},
		"PEXPIRE":  {3, firstKey, pexpire},
		"TTL":      {2, firstKey, ttl},
		"PTTL":     {2, firstKey, pttl},
		"PERSIST":  {2, firstKey, persist},

		"SET":    {3, firstKey, set},
		"SETNX":  {3, firstKey, setnx},
		"SETEX":  {4, firstKey, setex},
		"GET":    {2, firstKey, get},
		"GETSET": {3, firstKey, getset},
		"MGET":   {2, eachKey, mget},
		"MSET":   {3, pairs, mset},
		"APPEND": {3, firstKey, appendText},
		"STRLEN": {2, firstKey, strlen},
		"INCR":   {2, firstKey, func(s *store, out []byte, args [][]byte) []byte { return add(s, out, args[1], 1) }},
		"DECR":   {2, firstKey, func(s *store, out []byte, args [][]byte) []byte { return add(s, out, args[1], -1) }},
		"INCRBY": {3, firstKey, incrby},
		"DECRBY": {3, firstKey, decrby},

		"LPUSH":  {3, firstKey, lpush},
		"RPUSH":  {3, firstKey, rpush},
		"LPOP":   {2, firstKey, lpop},
		"RPOP":   {2, firstKey, rpop},
		"LLEN":   {2, firstKey, llen},
		"LINDEX": {3, firstKey, lindex},
		"LRANGE": {4, firstKey, lrange},
	}
	quit = commands["QUIT"]
}

const (
	wrongType  = "WRONGTYPE Operation against a key holding the wrong kind of value"
	notInteger = "ERR value is not an integer or out of range"
	syntax     = "ERR syntax error"
)

func integer(arg []byte) (int64, bool) {
	n, err := strconv.ParseInt(string(arg), 10, 64)
	return n, err == nil
}

func ping(_ *store, out []byte, args [][]byte) []byte {
	if len(args) > 1 {
		return redcon.AppendBulk(out, args[1])
	}
	return redcon.AppendString(out, "PONG")
}

func selectDatabase(_ *store, out []byte, args [][]byte) []byte {
	if string(args[1]) != "0" {
		return redcon.AppendError(out, "ERR DB index is out of range")
	}
	return redcon.AppendOK(out)
}

// config answers what redis-benchmark asks.
func config(_ *store, out []byte, args [][]byte) []byte {
	if len(args) < 3 {
		return redcon.AppendOK(out)
	}
	return redcon.AppendBulk(redcon.AppendBulk(redcon.AppendArray(out, 2), args[2]), nil)
}
