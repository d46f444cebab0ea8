// Package compat tries libraries that nobody here wrote on connections of
// package aionet: from coroutines directly, through aio.Blocking, and from
// goroutines. Its tests need redis-server, PostgreSQL and openssl, all of them
// Debian's; they start what they need and stop it.
package compat
