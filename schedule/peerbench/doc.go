// Package peerbench compares package schedule with other schedulers in Go. It
// is a module of its own, so that theirs stay out of the dependencies of
// coldlauncher.
package peerbench
