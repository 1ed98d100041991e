// Package filter decides which documents a launcher takes.
package filter
