//go:build !linux

package main

// ownNetwork does nothing: there are no network namespaces.
func (b *bench) ownNetwork([]string) error { return nil }
