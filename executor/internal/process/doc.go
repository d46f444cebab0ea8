// Package process starts worker processes that cannot outlive their parent, and
// ends them.
package process
