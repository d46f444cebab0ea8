module github.com/goaio/aio/examples/redis

go 1.25.0

require (
	github.com/goaio/aio v0.0.0
	github.com/tidwall/redcon v1.6.4
)

require (
	github.com/tidwall/btree v1.1.0 // indirect
	github.com/tidwall/match v1.1.1 // indirect
	golang.org/x/sys v0.47.0 // indirect
)

replace github.com/goaio/aio => ../..
