// Package properties holds random programs against the invariants of aio's
// primitives. It has tests only, and is a module of its own so that their
// library costs users of aio nothing.
//
// A program is some tasks that use one primitive, with waits between, deadlines
// around and cancels from outside, and a seed for the order of tasks within a
// round; time is virtual. pgregory.net/rapid draws it, and shrinks one that
// fails.
//
//	go test ./...                          # 100 programs a property
//	go test ./... -rapid.checks=10000      # 100,000 in all
package properties
