// Package boltledger keeps what became of parcels in one file: the ledger for
// a launcher that must not hand a parcel over again because it was restarted.
//
//	ledger, err := boltledger.Open("/var/lib/cold/ledger.db")
//	if err != nil {
//		return err
//	}
//	defer ledger.Close()
//	factures := &launcher.Launcher{Name: "factures", Ledger: ledger, …}
//
// One ledger serves all launchers of a process, and one process at a time: a
// second Open of the same file is refused at once.
//
// What Save and Delete did when they return nil is on the disk, as far as the
// system and its drives keep what they promise of fsync: a crash, a kill or a
// power cut does not undo it. A call that is alone is written at once; calls
// that come while the disk is busy share the next write.
//
// A file that is something else, was cut short or was altered is reported by
// Open, which for that reads all of it once; only the loss of the very last
// Save can look like one that a crash interrupted. Damage that appears later,
// such as a sector that can no longer be read, is an error of the call that
// meets it; it does not end the process. A full disk is an error of Save, and
// Save works again once there is space.
//
// The file does not shrink. The space of entries that were deleted or replaced
// is used again, so it stays near the most that it ever held. It is a bbolt
// database: while nobody has it open, "bbolt compact" makes a smaller copy
// that is a ledger just as well. Copy the file only while it is closed.
package boltledger
