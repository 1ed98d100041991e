module github.com/ezged/coldlauncher/protocol/schematest

go 1.25.0

require (
	github.com/ezged/coldlauncher v0.0.0
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.2
)

require (
	github.com/bmatcuk/doublestar/v4 v4.10.4 // indirect
	github.com/dlclark/regexp2 v1.12.0 // indirect
	github.com/emersion/go-imap/v2 v2.0.0-beta.8 // indirect
	github.com/emersion/go-message v0.18.2 // indirect
	github.com/emersion/go-sasl v0.0.0-20241020182733-b788ff22d5a6 // indirect
	github.com/fsnotify/fsnotify v1.10.1 // indirect
	github.com/gabriel-vasile/mimetype v1.4.16 // indirect
	github.com/knadh/go-pop3 v1.0.2 // indirect
	github.com/segmentio/asm v1.2.1 // indirect
	golang.org/x/sys v0.45.0 // indirect
	golang.org/x/text v0.41.0 // indirect
)

replace github.com/ezged/coldlauncher => ../..
