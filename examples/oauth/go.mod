module github.com/ezged/coldlauncher/examples/oauth

go 1.25.0

require (
	github.com/ezged/coldlauncher v0.0.0
	golang.org/x/oauth2 v0.36.0
)

require (
	cloud.google.com/go/compute/metadata v0.3.0 // indirect
	github.com/emersion/go-imap/v2 v2.0.0-beta.8 // indirect
	github.com/emersion/go-message v0.18.2 // indirect
	github.com/emersion/go-sasl v0.0.0-20241020182733-b788ff22d5a6 // indirect
	golang.org/x/text v0.41.0 // indirect
)

replace github.com/ezged/coldlauncher => ../..
