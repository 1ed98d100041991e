// Package launchertest helps to test Sources, Sinks, Ledgers and the hosts
// that use them.
//
// # Conformance
//
// [TestSource], [TestSink] and [TestLedger] hold an implementation to the
// contract of its interface, one subtest per rule. Whoever writes a protocol
// needs a package with a Source and a test that calls TestSource; whoever
// writes a Sink needs TestSink.
//
// # Fakes
//
// A [Script] is a Source in memory whose items and misbehaviour the test lays
// down. A [Recorder] is a Sink that keeps what it is given, once per ID. [Crash]
// stops Source, Sink and Ledger as if the process had died after n steps: a loop
// over n shows that nothing is lost or doubled wherever it happens.
//
// The package needs nothing but the standard library.
package launchertest
