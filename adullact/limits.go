package adullact

import "github.com/ezged/coldlauncher/adullact/internal/xmlscan"

// Limits bound what one envelope may cost. Zero means the default; -1 means no
// limit. Sizes are in bytes.
type Limits struct {
	Expanded         int64 // an archive or deposit, unpacked, attachments inside XML included; 0: 512 MiB
	Entries          int   // files in an archive or deposit; 0: 10,000
	Name             int   // bytes of a name in an archive; 0: 255
	Depth            int   // elements of XML within one another; 0: 256
	Text             int   // bytes of one attribute, or of one text that is kept; 0: 1 MiB
	Memory           int   // bytes of what is kept of one XML file, attachments apart, about; 0: 32 MiB
	Metadata         int64 // a metadata file; 0: 16 MiB
	Actes            int64 // one file of an act; 0: 150 MiB
	PES              int64 // a PES; 0: 256 MiB
	PESAttachment    int64 // one attachment of a PES, unwrapped; 0: 150 MiB
	ChorusAttachment int64 // one attachment of an invoice, unwrapped; 0: 120 MiB
	Ratio            int   // how much longer something may be unpacked than packed, above 1 MiB; 0: 200
	Nested           int   // containers within one another that are opened; 0: 2
	Pieces           int   // pieces, and lines of invoices, that Helios and Chorus keep; 0: 1,000
}

// ratioFloor is the size below which any ratio goes.
const ratioFloor = 1 << 20

// noLimit is what -1 stands for.
const noLimit = 1 << 30

func (l Limits) effective() Limits {
	size := func(p *int64, zero int64) {
		switch *p {
		case 0:
			*p = zero
		case -1:
			*p = 1<<62 - 1
		}
	}
	count := func(p *int, zero int) {
		switch *p {
		case 0:
			*p = zero
		case -1:
			*p = noLimit
		}
	}
	size(&l.Expanded, 512<<20)
	count(&l.Entries, 10_000)
	count(&l.Name, 255)
	count(&l.Depth, 256)
	count(&l.Text, 1<<20)
	count(&l.Memory, 32<<20)
	size(&l.Metadata, 16<<20)
	size(&l.Actes, 150<<20)
	size(&l.PES, 256<<20)
	size(&l.PESAttachment, 150<<20)
	size(&l.ChorusAttachment, 120<<20)
	count(&l.Ratio, 200)
	count(&l.Nested, 2)
	count(&l.Pieces, 1_000)
	return l
}

func (l Limits) xml() xmlscan.Limits {
	return xmlscan.Limits{Depth: l.Depth, Text: l.Text, Memory: l.Memory}
}
