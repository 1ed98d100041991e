package filter_test

import (
	"fmt"
	"testing"

	"github.com/ezged/coldlauncher/filter"
	"github.com/ezged/coldlauncher/launcher"
)

func BenchmarkMatch(b *testing.B) {
	docs := make([]*launcher.Document, 0, 8)
	for _, name := range []string{
		"facture.pdf", "Thumbs.db", "archive.dbf", "2024-01-15.tar.gz", "Facture n° 12.pdf", "README",
		"debut_nom_fichier_2024.pdf", "re\u0301sume\u0301.docx",
	} {
		docs = append(docs, &launcher.Document{Name: name, Size: 1 << 10})
	}
	for _, f := range []launcher.Filter{
		must(filter.Regexp(`/.*\.(?!db).*/`)),
		must(filter.Regexp(`/(?!debut_nom_fichier).*\..*/`)),
		must(filter.Regexp(`/.*\bpdf$/i`)),
		must(filter.Glob("*.{pdf,xml}")),
		must(filter.Glob("*.{pdf,xml}")).Fold(),
		filter.Ext("pdf", "db*"),
		filter.Temporary(),
		filter.All(filter.Ext("pdf"), filter.Not(filter.Temporary()), filter.Size(1, -1)),
	} {
		b.Run(fmt.Sprint(f), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := f.Match(b.Context(), docs[i%len(docs)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSniff(b *testing.B) {
	b.ReportAllocs()
	d := content("%PDF-1.7\n", 9)
	f := filter.Sniff("application/pdf")
	for b.Loop() {
		if ok, err := f.Match(b.Context(), d); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}

func BenchmarkRegexp(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := filter.Regexp(`/(?!.*\.(?:db|tmp|part|filepart|crdownload)$).*/i`); err != nil {
			b.Fatal(err)
		}
	}
}
