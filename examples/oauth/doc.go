// Package oauth shows how tokens of golang.org/x/oauth2 open mailboxes. It is a
// module of its own, for coldlauncher does not need that one.
package oauth
