package protocol

import (
	"errors"
	"fmt"
	"time"

	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/scenario"
	"github.com/ezged/coldlauncher/protocol/dial"
	"github.com/ezged/coldlauncher/protocol/imap"
)

// IMAP holds the keys of "source" for the protocol "imap": the form of EzGED,
// and more. What is handed over are the attachments of each mail.
type IMAP struct {
	Server
	Folder      string        `json:"folder,omitempty" doc:"the folder to watch (« Chemin source »); by default inbox"`
	Subfolders  bool          `json:"subfolders,omitempty" doc:"also the folders below it (« Avec sous-répertoires »)"`
	Done        string        `json:"done,omitempty" doc:"folder on the server that mails go to when taken (« Répertoire de sortie »); created if missing"`
	Rejected    string        `json:"rejected,omitempty" doc:"folder on the server for mails that were refused; by default they stay in place"`
	After       string        `json:"after,omitempty" values:"read flag delete nothing" doc:"what becomes of a mail that was taken where there is no done folder; by default read: it is marked so"`
	Flag        string        `json:"flag,omitempty" doc:"the flag or keyword for after: flag; by default \\Flagged"`
	ReadOnly    bool          `json:"read_only,omitempty" doc:"changes nothing on the server"`
	Only        *Search       `json:"only,omitempty" doc:"which mails are looked at; by default all"`
	Mail                      // what is taken from each
	Watch       bool          `json:"watch,omitempty" doc:"a second connection waits for new mail (IDLE), beside the schedule"`
	Connections int           `json:"connections,omitempty" least:"0" most:"20" doc:"how many fetch mails; 0: 1"`
	Compress    string        `json:"compress,omitempty" values:"auto always never" doc:"whether connections are compressed; by default auto: where they turn out to be slow"`
	MaxSize     scenario.Size `json:"max_size,omitempty" doc:"a larger mail is set aside without being downloaded"`
	MaxMails    int           `json:"max_mails,omitempty" least:"0" doc:"new mails in one pass; 0: no limit"`
	MaxBytes    scenario.Size `json:"max_bytes,omitempty" doc:"bytes in one pass; 0: no limit"`
	MaxPerDay   scenario.Size `json:"max_bytes_per_day,omitempty" doc:"bytes received in 24 hours, as large providers bound them; 0: no limit"`
}

// Search narrows what is looked at in a mailbox. All that is set must fit.
type Search struct {
	Unread  bool   `json:"unread,omitempty" doc:"not marked as read"`
	From    string `json:"from,omitempty" doc:"part of the sender, whatever the case"`
	To      string `json:"to,omitempty" doc:"part of the addressees"`
	Subject string `json:"subject,omitempty" doc:"part of the subject"`
	Since   string `json:"since,omitempty" doc:"a day, 2026-01-31: sent on it or later"`
	Flag    string `json:"flag,omitempty" doc:"has this flag or keyword"`
	NotFlag string `json:"not_flag,omitempty" doc:"has it not"`
}

var afters = map[string]imap.After{"": imap.Seen, "read": imap.Seen, "flag": imap.Flag, "delete": imap.Delete, "nothing": imap.Nothing}

var compressions = map[string]imap.Compress{"": imap.CompressIfSlow, "auto": imap.CompressIfSlow, "always": imap.CompressAlways, "never": imap.CompressNever}

// Origin implements scenario.Form.
func (f *IMAP) Origin(secret func(scenario.Secret) (launcher.Secret, error)) (scenario.Origin, error) {
	password, token, noSecret := f.credentials(secret)
	conf, noTLS := f.tls()
	search, badSearch := f.Only.search()
	if err := errors.Join(noSecret, noTLS, badSearch, f.contradictions()); err != nil {
		return scenario.Origin{}, err
	}
	src := &imap.Source{
		Addr: f.addr(), Security: f.security(), TLSConfig: conf,
		User: f.Account, Password: password, Token: token,
		Folder: f.Folder, Recursive: f.Subfolders, Search: search,
		Done: f.Done, Rejected: f.Rejected, After: afters[f.After], Flag: f.Flag, ReadOnly: f.ReadOnly,
		Parallel: f.Connections, Compress: compressions[f.Compress],
		MaxSize: int64(f.MaxSize), MaxMails: f.MaxMails, MaxBytes: int64(f.MaxBytes),
		Quota: &dial.Quota{Bytes: int64(f.MaxPerDay)},
	}
	origin := scenario.Origin{Source: src, Open: f.Mail.open}
	if f.Watch {
		origin.Watch = src.Watch
	}
	return origin, nil
}

// contradictions returns what does not go together.
func (f *IMAP) contradictions() error {
	var faults []error
	fault := func(bad bool, key, why string) {
		if bad {
			faults = append(faults, &scenario.KeyError{Key: key, Err: errors.New(why)})
		}
	}
	fault(f.ReadOnly && f.Done+f.Rejected != "", "read_only", "mails cannot be moved to done or rejected then")
	fault(f.Done != "" && f.After != "", "after", "is for mails that are not moved to done")
	fault(f.Done != "" && f.Done == f.Rejected, "rejected", "is the same folder as done")
	fault(f.Flag != "" && f.After != "flag", "flag", `means something with "after": "flag" only`)
	return errors.Join(faults...)
}

func (s *Search) search() (*imap.Search, error) {
	if s == nil {
		return nil, nil
	}
	out := &imap.Search{Unseen: s.Unread, From: s.From, To: s.To, Subject: s.Subject, Flag: s.Flag, NotFlag: s.NotFlag}
	if s.Since != "" {
		day, err := time.Parse(time.DateOnly, s.Since)
		if err != nil {
			return nil, &scenario.KeyError{Key: "only.since", Err: fmt.Errorf("%q is not a day such as 2026-01-31", s.Since)}
		}
		out.Since = day
	}
	return out, nil
}
