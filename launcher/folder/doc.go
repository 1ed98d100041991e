// Package folder is a ready [launcher.Sink]: it keeps parcels in a directory.
//
//	sink := &folder.Sink{Path: "/srv/ged/incoming"}
//	l := &launcher.Launcher{Name: "factures", Source: source, Sink: sink, Schedule: times}
//
// # One directory per parcel
//
// Each parcel becomes one directory below Path, with its documents and a
// manifest.json that tells what they are and where they came from; see
// [Manifest]:
//
//	/srv/ged/incoming/
//	    factures-6d2f31c7a40f4b7c9d0f8a51e2c3b490/
//	        manifest.json
//	        facture.pdf
//	        facture.xml
//	    .coldlauncher/        what is under way
//
// The directory appears in one step, complete and on the disk. A program that
// reads Path takes every directory whose name does not begin with a dot, and
// never meets half a parcel. The name is derived from the parcel's ID and so
// is the record that the ID was stored: as long as the directory is there, the
// same ID is not stored again. Take parcels away no sooner than the launcher
// has settled them at their origin, which is when a pass has ended.
//
// The directory is flat: the folder that a document had is in the manifest.
// Documents keep their names as far as [launcher.CleanName] leaves them; those
// that would meet, also by case alone, become "name (2).pdf", and so on.
//
// # Parcels at the same time
//
// Store returns once all of a parcel is on the disk. On ext4 and XFS, since Linux
// 5.8, three and more parcels that are stored at the same time are brought there by
// one sync of the volume (syncfs) instead of several for each: the more there are,
// the less each takes. Of small files, a Sink takes several times as many with a
// Launcher.Parallel of 64 as with 1. Where others write so much that to sync the
// volume takes long, each file is synced on its own meanwhile.
//
// # Loose files
//
// A COLD watches a waiting directory and consumes the files in it. With Loose,
// each document becomes a file there, and beside the files it is recorded in
// State which parcels were handed over, for the files themselves are soon gone:
//
//	sink := &folder.Sink{Path: "/srv/ezged/ocr/wait", ByJob: true, Loose: true}
//
// A file appears in one step, complete and on the disk, under a name that was
// free: no file is ever replaced. Its time of change is Document.Time. A process
// that is killed between two files of a parcel hands over the others when it
// is offered the parcel again, and none twice. A COLD that reads sub-folders
// must be kept out of ".coldlauncher"; with ByJob it is not below any waiting
// directory.
//
// Where the file system has no exclusive rename, as NFS on Linux or any on
// Windows, hard links take its place; there, a process killed at the very
// instant between a link and the removal of its first name hands over that one
// file again if the COLD has consumed it meanwhile.
package folder
