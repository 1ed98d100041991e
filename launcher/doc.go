// Package launcher takes documents in from where they arrive, on a schedule,
// and hands them to a host program.
//
// A [Launcher] polls one [Source], such as a directory or a mailbox, picks the
// documents that a [Filter] wants, sends them to COLD jobs by its [Route]s and
// hands them to the host's [Sink]. Only when the Sink says that they are
// durable does the Source let go of them.
//
//	l := &launcher.Launcher{
//		Name:     "invoices",
//		Source:   &dir.Source{Path: "/srv/in", Recursive: true, Done: "/srv/done", Rejected: "/srv/rejected"},
//		Filter:   filter.Ext("pdf", "xml"),
//		Routes:   []launcher.Route{{Job: "87"}},
//		Sink:     &folder.Sink{Path: "/srv/cold"},
//		Ledger:   ledger, // from boltledger.Open
//		Schedule: rows,   // from schedule.Row("* * * * * * */15")
//	}
//	err := l.Run(ctx)
//
// # The life of a parcel
//
// What arrives together is a [Parcel]: a mail, a file, a set of companion
// files, an envelope. In each pass the Source offers every parcel that waits,
// oldest first. For each the engine
//
//  1. asks the [Ledger]. What is stored already is let go at once, and nothing
//     is downloaded; what was refused stays refused; what failed rests until it
//     is due.
//  2. writes an attempt down, so that a parcel that kills the process is known
//     to have done so.
//  3. asks for the documents, which may mean a download.
//  4. decides about each by Filter and Routes, and makes parts: the documents
//     of one [Unit] that go to one job or, with Route.Split, each by itself.
//     Each part reaches the Sink as a Parcel of its own ID.
//  5. calls Store for each part. What it reads is hashed and held to the size
//     announced; a panic is an error; a shutdown leaves it Launcher.Grace.
//  6. writes down what became of the parts and of the whole.
//  7. answers the Source, which moves, marks or deletes the parcel, sets it
//     aside, or leaves it.
//
// The weakest outcome of the parts decides about the whole: a parcel of which
// one part failed is left, and the next attempt repeats that part only.
//
// # Errors
//
// Nil means done. An error without a mark is an attempt that failed: the parcel
// is offered again after Launcher.Backoff, and set aside after
// Launcher.MaxAttempts. [Reject] sets a parcel aside now. [Halt] says that the
// surroundings are at fault: the pass ends, and no parcel is blamed. [Later]
// says that a parcel is not ready: it waits, at no cost. [OutcomeOf] reads
// these marks through any wrapping.
//
// When three parcels in a row fail in the Sink and none was stored in the pass,
// the Sink is taken to be down: the pass ends and the attempts are given back.
//
// # What is promised
//
// Nothing is lost: the origin changes last. Nothing is handed over twice to a
// Sink that records [Parcel].ID, whatever crashes when. One bad item never
// blocks the others.
//
//	crash or failure                  afterwards
//	before Store                      as if nothing had happened
//	during Documents or Store         the attempt counts; offered again; what kills
//	                                  the process is set aside after MaxAttempts
//	after Store, before the ledger    Store sees the same ID again
//	after the ledger, before settling settled again, not stored again
//	settling fails                    Poll reports it; the next pass settles
//	shutdown during Store             Grace, then cancelled; no attempt counts
//	ledger unavailable                Halt: what cannot be recorded is not stored
//	Sink down                         Halt; no attempt counts
//
// # Guarantees
//
// Every sentence here names what shows it. The README has the figures.
//
//   - The process may die at any step: TestCrashAtEveryStep, and the command
//     launcher/launchertest/crashloop, which kills a real one: 1 000 times in
//     five minutes, over directories, deposits, IMAP and POP3.
//   - A connection may end at any byte: TestCutAtEveryByte in
//     launcher/launchertest, over IMAP and POP3.
//   - The power may go at any operation: TestPowerCuts in launcher/folder,
//     launcher/backup, launcher/boltledger and protocol/dir.
//   - The ledger may fail at any call: TestLedgerFailsAtEveryCall.
//   - All of it may happen at random: TestStress.
//   - What fails too often is set aside, and delivered once when it is
//     requeued: TestMaxAttemptsSetsAside, TestRequeueAndDiscard.
//   - What hangs, fails or ends turns Status unhealthy:
//     TestFrozenServerTurnsUnhealthy, TestOverdueGoesByTheSchedule,
//     TestRunThatEndedIsTrouble.
//   - One dead launcher delays no other, and is not asked all the time:
//     TestOneDeadOfFifty, TestCooldown.
//   - Panics end where they happen: TestPanicsAreContained,
//     TestBodyThatPanicsElsewhere.
//   - Nothing leaks: TestTenThousandPassesLeakNothing, TestPassesLeakNothing in
//     launcher/launchertest.
//   - Archives and XML do not blow up, and lead nowhere: TestBombs, TestLimits
//     and TestXMLAttacks in adullact.
//   - Text from outside forges nothing, and no secret is shown:
//     TestHostileTextStaysText in launcher/launchertest, TestLogIsSafeAndStable.
//
// One process runs a launcher at a time. Nothing runs before Run or Poll is
// called, and nothing after they have returned.
package launcher
