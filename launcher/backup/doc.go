// Package backup keeps a raw copy of everything that a Source takes in, made
// before anything is handed over.
//
//	src := &backup.Source{
//		From:    &dir.Source{Path: "/srv/in", Done: "../done"},
//		Path:    "/srv/backup/invoices",
//		KeepFor: 90 * 24 * time.Hour,
//	}
//	l := &launcher.Launcher{Name: "invoices", Source: src, Sink: sink, Ledger: ledger, Schedule: times}
//
// It stands right around the Source that downloads, inside all that takes
// things apart, so that what is kept is what arrived:
//
//	&mail.Source{From: &backup.Source{From: &imap.Source{…}, Path: "/srv/backup/mail"}}
//
// # Copies
//
// Each parcel becomes one directory below the day on which it was copied, with
// its documents and a copy.json that tells what they are; see [Manifest]:
//
//	/srv/backup/invoices/
//	    2026/11/23/
//	        facture.pdf-6d2f31c7a40f4b7c9d0f8a51e2c3b490/
//	            copy.json
//	            facture.pdf
//	    .coldlauncher/        which parcels were copied, and what is under way
//
// The directory appears in one step, complete and on the disk, before the
// documents reach a Filter, a Route or a Sink. What no Route wants is copied
// too. Documents keep their names as far as [launcher.CleanName] leaves them;
// those that would meet, also by case alone, become "name (2).pdf", and so on.
//
// A parcel is copied once, however often it is offered and whatever is
// restarted in between. If a person removes a copy and the parcel is still
// attempted after that, it is copied again.
//
// # When it cannot be written
//
// A disk that is full, or a folder that is gone, ends the pass with
// launcher.Halt: nothing is handed over that could not be backed up, and no
// parcel is blamed.
//
// # Retention
//
// With KeepFor, days of which every copy is older are removed: in each pass up
// to 200 copies, and as many more as it made. What lies in the tree besides
// copies stays.
//
// A clock that is wrong must not cost copies. So KeepFor has also to pass
// while the Source is at work and the clock goes on evenly. When the clock is
// set back by more than an hour, or is found ahead by more than 8 days and
// more than half of KeepFor, after a stop as well, nothing is removed until
// KeepFor has passed from then on. Days in the future are never removed.
package backup
