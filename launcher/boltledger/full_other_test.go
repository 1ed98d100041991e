//go:build !unix

package boltledger_test

func fillDisk(string) int { return 1 }
