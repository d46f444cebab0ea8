//go:build !race

package driver

import "unsafe"

func kernelWrote(unsafe.Pointer, int) {}
