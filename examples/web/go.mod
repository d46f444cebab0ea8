module github.com/goaio/aio/examples/web

go 1.26.0

require (
	github.com/go-chi/chi/v5 v5.5.0
	github.com/goaio/aio v0.0.0
	github.com/goaio/aio/aiohttp v0.0.0
	golang.org/x/net v0.62.0
)

require (
	github.com/gobwas/httphead v0.1.0 // indirect
	github.com/gobwas/ws v1.5.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)

replace (
	github.com/goaio/aio => ../..
	github.com/goaio/aio/aiohttp => ../../aiohttp
)
