module github.com/goaio/aio/cmd/aio

go 1.26.0

require (
	github.com/goaio/aio v0.0.0
	github.com/goaio/aio/aiohttp v0.0.0
)

require (
	github.com/fxamacker/cbor/v2 v2.10.0 // indirect
	github.com/x448/float16 v0.8.4 // indirect
	golang.org/x/net v0.62.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)

replace (
	github.com/goaio/aio => ../..
	github.com/goaio/aio/aiohttp => ../../aiohttp
)
