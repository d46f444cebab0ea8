//go:build !linux

package executor

const supported = false
