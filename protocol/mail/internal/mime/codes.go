package mime

import "iter"

// codes names the defects in the order of their bits.
var codes = [...]string{
	"header-junk", "header-unseparated", "header-missing", "type-invalid",
	"boundary-missing", "boundary-unused", "boundary-unclosed", "boundary-reopened",
	"encoding-unknown", "encoding-on-container",
	"base64-junk", "base64-padding", "base64-joined", "base64-trailer", "encoding-untrue",
	"quoted-invalid", "uu-invalid", "fragment",
}

// Codes yields a word for each defect, such as "base64-junk".
func (d Defects) Codes() iter.Seq[string] {
	return func(yield func(string) bool) {
		for i, code := range codes {
			if d&(1<<i) != 0 && !yield(code) {
				return
			}
		}
	}
}
