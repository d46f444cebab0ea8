module github.com/goaio/aio/aiohttp

go 1.26.0

require (
	github.com/goaio/aio v0.0.0
	github.com/gobwas/httphead v0.1.0
	github.com/gobwas/ws v1.5.0
	golang.org/x/net v0.62.0
)

require (
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)

replace github.com/goaio/aio => ../
