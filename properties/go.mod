module github.com/goaio/aio/properties

go 1.25.0

require (
	github.com/goaio/aio v0.0.0
	pgregory.net/rapid v1.2.0
)

require golang.org/x/sys v0.47.0 // indirect

replace github.com/goaio/aio => ../
