package protocol

import (
	"errors"
	"time"

	"github.com/ezged/coldlauncher/adullact"
	"github.com/ezged/coldlauncher/launcher"
	"github.com/ezged/coldlauncher/launcher/scenario"
	"github.com/ezged/coldlauncher/protocol/dir"
)

// A Place holds the keys of a directory and of what becomes of the files in it.
type Place struct {
	Path      string        `json:"path" required:"true" doc:"the directory to watch (« Chemin d'origine »)"`
	Done      string        `json:"done,omitempty" doc:"directory that files go to when taken, absolute or relative to path; created if missing; by default they stay in place"`
	Delete    bool          `json:"delete,omitempty" doc:"removes files that were taken, in place of done"`
	Rejected  string        `json:"rejected,omitempty" doc:"directory for files that were refused; by default they stay in place"`
	Collision string        `json:"collision,omitempty" values:"suffix fail equal" doc:"what if a name is taken there: suffix, by default, fail, or equal: drop a file with the same contents"`
	MaxSize   scenario.Size `json:"max_size,omitempty" doc:"a larger file is refused unopened; by default 4 GiB"`
	Limit     int           `json:"limit,omitempty" least:"0" doc:"how much one pass takes; 0: no limit"`
	Watch     bool          `json:"watch,omitempty" doc:"looks as soon as something changes, beside the schedule; not for network shares"`
}

var collisions = map[string]dir.Collision{"": dir.Suffix, "suffix": dir.Suffix, "fail": dir.Fail, "equal": dir.Equal}

// set has src go by the keys.
func (p *Place) set(src *dir.Source) error {
	src.Path, src.Done, src.Delete, src.Rejected = p.Path, p.Done, p.Delete, p.Rejected
	src.Collision, src.MaxSize, src.Limit = collisions[p.Collision], int64(p.MaxSize), p.Limit
	if p.Delete && p.Done != "" {
		return &scenario.KeyError{Key: "delete", Err: errors.New("there is a done directory as well: leave one out")}
	}
	return nil
}

// Directory holds the keys of "source" for the protocol "directory".
type Directory struct {
	Place
	Subfolders bool              `json:"subfolders,omitempty" doc:"also the directories below it (« Avec sous-répertoires »)"`
	Delay      scenario.Duration `json:"delay,omitzero" doc:"how long a file must have been left alone, in seconds or such as 1m (« Temporisation en secondes »)"`
	Companions []string          `json:"companions,omitempty" doc:"extensions of files that belong together by their name, such as pdf and xml; the first decides about the route, and one with ? may be missing"`
	Folders    bool              `json:"folders,omitempty" doc:"each directory below path is taken as one"`
	Marker     string            `json:"marker,omitempty" doc:"a file that says that another is complete, such as {name}.done or {stem}.ok"`
	Deadline   scenario.Duration `json:"deadline,omitzero" doc:"how long a file may wait for its companions or marker before it is refused; by default for ever"`
	Partial    bool              `json:"partial,omitempty" doc:"takes what is there after the deadline rather than refusing it"`
}

// Origin implements scenario.Form.
func (f *Directory) Origin(func(scenario.Secret) (launcher.Secret, error)) (scenario.Origin, error) {
	src := &dir.Source{
		Recursive: f.Subfolders, Quiet: time.Duration(f.Delay),
		Marker: f.Marker, Deadline: time.Duration(f.Deadline), Partial: f.Partial,
	}
	err := f.set(src)
	switch {
	case len(f.Companions) > 0 && f.Folders:
		err = errors.Join(err, &scenario.KeyError{Key: "companions", Err: errors.New("there is folders as well: leave one out")})
	case len(f.Companions) > 0:
		src.Group = dir.Stems(f.Companions...)
	case f.Folders:
		src.Group = dir.Folders()
	}
	if err != nil {
		return scenario.Origin{}, err
	}
	origin := scenario.Origin{Source: src}
	if f.Place.Watch {
		origin.Watch = src.Watch
	}
	return origin, nil
}

// Adullact holds the keys of "source" for the protocol "adullact": a directory
// that envelopes are written to. See adullact.Deposits.
type Adullact struct {
	Place
	Delay    *scenario.Duration `json:"delay,omitempty" doc:"how long an envelope must have been left alone, in seconds or such as 1m (« Temporisation en secondes »); 0: it need not; by default 30 s"`
	Unlisted scenario.Duration  `json:"unlisted,omitzero" doc:"how long files without metadata and end marker must have been left alone before they are taken as they are; by default they never are"`
	Marked   bool               `json:"marked,omitempty" doc:"takes nothing without its end marker"`
	Deadline *scenario.Duration `json:"deadline,omitempty" doc:"how long an envelope may stay incomplete before it is refused; 0: for ever; by default 1 h"`
	Archive  bool               `json:"archive,omitempty" doc:"also each archive itself"`
	Strict   bool               `json:"strict,omitempty" doc:"refuses an envelope that cannot be opened, rather than handing the file over as it is"`
	BankData bool               `json:"bank_data,omitempty" doc:"also account numbers of third parties, in the metadata"`
}

// Origin implements scenario.Form.
func (f *Adullact) Origin(func(scenario.Secret) (launcher.Secret, error)) (scenario.Origin, error) {
	src := adullact.Deposits(f.Path)
	drop := src.From.(*dir.Source)
	if err := f.set(drop); err != nil {
		return scenario.Origin{}, err
	}
	src.Quiet, src.Deadline = orNone(f.Delay), orNone(f.Deadline)
	src.Unlisted, src.Marked = time.Duration(f.Unlisted), f.Marked
	src.Raw, src.Strict, src.Decoder.BankData = f.Archive, f.Strict, f.BankData
	origin := scenario.Origin{
		Source: drop,
		Open: func(from launcher.Source) launcher.Source {
			src.From = from
			return src
		},
	}
	if f.Watch {
		origin.Watch = drop.Watch
	}
	return origin, nil
}

// orNone reads a span of which nil is the default and 0 means none.
func orNone(d *scenario.Duration) time.Duration {
	switch {
	case d == nil:
		return 0
	case *d == 0:
		return -1
	}
	return time.Duration(*d)
}
