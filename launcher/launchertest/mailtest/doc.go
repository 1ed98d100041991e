// Package mailtest is for tests that need a mail server: real ones, Dovecot
// and Cyrus, started on loopback with throw-away settings, and scripted ones
// that misbehave as told. A [Link] makes the way to any of them long or narrow,
// and [Corpus] is what to measure with.
//
//	server := mailtest.Dovecot(t, "alice")
//	server.Drop(t, "alice", mailtest.Message(1), mailtest.Message(2))
//	source := &imap.Source{
//		Addr: server.IMAPS, TLSConfig: server.TLS,
//		User: "alice", Password: launcher.SecretText(mailtest.Password("alice")),
//	}
//
// The real servers run as an ordinary user even where the test runs as root,
// keep everything below one temporary directory, and end with the test. A test
// that needs one is skipped where it is not installed, with one line that says
// so; with COLD_REQUIRE_SERVERS=1 it fails instead. A command starts one with
// [StartDovecot] or [StartCyrus], and stops it.
package mailtest
