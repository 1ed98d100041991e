//go:build !unix || android || solaris || illumos || aix

package boltledger

import "os"

// unlock does nothing: closing f takes the lock of bbolt back here.
func unlock(f *os.File) error { return nil }
