// Package web has programs to start from, on aiohttp: a chat in a web page, a REST
// service, a file server, a crawler and a reverse proxy. They need a Unix.
package web
