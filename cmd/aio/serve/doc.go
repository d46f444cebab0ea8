// Package serve is `aio serve`: a folder on the web, for a person at a terminal.
package serve
