module github.com/goaio/aio/executor/protobuf

go 1.26.0

require (
	github.com/goaio/aio v0.0.0
	google.golang.org/protobuf v1.36.12
)

require (
	github.com/fxamacker/cbor/v2 v2.10.0 // indirect
	github.com/x448/float16 v0.8.4 // indirect
	golang.org/x/sys v0.47.0 // indirect
)

replace github.com/goaio/aio => ../..
