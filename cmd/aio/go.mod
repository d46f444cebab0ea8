module github.com/goaio/aio/cmd/aio

go 1.26.0

require github.com/goaio/aio v0.0.0

require golang.org/x/sys v0.49.0 // indirect

replace github.com/goaio/aio => ../..
