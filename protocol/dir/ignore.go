package dir

import "strings"

// Ignored reports whether name is that of a hidden or temporary file, or of a
// folder that systems create on their own:
//
//	.*                                          hidden
//	~$*  .~lock.*#  *~  *.swp                   open in an editor or office program
//	*.tmp  *.part  *.partial  *.filepart  *.crdownload   still arriving
//	Thumbs.db  desktop.ini  @eaDir  $RECYCLE.BIN  System Volume Information
//
// Case does not count. Source.Ignore replaces this list; one that always
// returns false takes everything.
func Ignored(name string) bool {
	return strings.HasPrefix(name, ".") || arriving(name) || isOf(systemNames, name)
}

// arriving reports whether name is one that is given to a file while somebody
// writes it.
func arriving(name string) bool {
	lower := strings.ToLower(name)
	for _, suffix := range arrivingSuffixes {
		if strings.HasSuffix(lower, suffix) {
			return true
		}
	}
	return strings.HasPrefix(lower, "~$") || strings.HasPrefix(lower, ".~lock.")
}

var (
	arrivingSuffixes = []string{".tmp", ".part", ".partial", ".filepart", ".crdownload", ".swp", "~"}
	systemNames      = []string{"thumbs.db", "desktop.ini", "@eadir", "$recycle.bin", "system volume information"}
)

func isOf(names []string, name string) bool {
	for _, n := range names {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}

// ownFolder holds what the Source itself keeps, in Done, Rejected and Path. It
// is never looked at, whatever Ignore says.
const ownFolder = ".coldlauncher"

func (s *Source) ignored(name string) bool {
	if name == ownFolder {
		return true
	}
	if s.Ignore != nil {
		return s.Ignore(name)
	}
	return Ignored(name)
}
