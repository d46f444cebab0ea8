module github.com/goaio/aio/cmd/aio

go 1.26.0

require github.com/goaio/aio v0.0.0

require (
	github.com/fxamacker/cbor/v2 v2.10.0 // indirect
	github.com/x448/float16 v0.8.4 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace github.com/goaio/aio => ../..
