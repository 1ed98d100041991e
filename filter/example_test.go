package filter_test

import (
	"context"
	"fmt"
	"log"

	"github.com/ezged/coldlauncher/filter"
	"github.com/ezged/coldlauncher/launcher"
)

func Example() {
	pdf := filter.All(
		filter.Ext("pdf"),
		filter.Not(filter.Temporary()),
		filter.Not(filter.Prefix("brouillon")),
	)
	for _, name := range []string{"facture.PDF", "Brouillon 2.pdf", "notes.txt"} {
		fmt.Println(filter.Explain(context.Background(), pdf, &launcher.Document{Name: name}))
	}
	// Output:
	// "facture.PDF" is kept:
	//   matches extension pdf (extension "PDF")
	//   does not match temporary files
	//   does not match prefix ["brouillon"]
	// "Brouillon 2.pdf" is refused: matches prefix ["brouillon"]
	// "notes.txt" is refused: does not match extension pdf (extension "txt")
}

func ExampleRegexp() {
	p, err := filter.Regexp(`/.*\.(?!db).*/`)
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range []string{"facture.pdf", "Thumbs.db", "a.b.db", "README"} {
		ok, err := p.MatchString(name)
		fmt.Println(name, ok, err)
	}
	// Output:
	// facture.pdf true <nil>
	// Thumbs.db false <nil>
	// a.b.db true <nil>
	// README false <nil>
}

func ExampleLines() {
	wanted, err := filter.Lines(`
# invoices, but no drafts
*.{pdf,xml}
!/.*brouillon/i
`)
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range []string{"facture.pdf", "facture_Brouillon.pdf"} {
		fmt.Println(filter.Explain(context.Background(), wanted, &launcher.Document{Name: name}))
	}
	_, err = filter.Lines("*.pdf\n!/brouillon(/")
	fmt.Println(err)
	// Output:
	// "facture.pdf" is kept:
	//   matches line 3, *.{pdf,xml}
	//   does not match line 4, /.*brouillon/i
	// "facture_Brouillon.pdf" is refused: matches line 4, /.*brouillon/i
	// line 2, pattern "!/brouillon(/", character 12: this parenthesis is not closed
}

func ExampleSubject() {
	p, err := filter.Regexp("/facture|invoice/i")
	if err != nil {
		log.Fatal(err)
	}
	invoices := filter.Subject(p.Search())
	d := &launcher.Document{Name: "scan.pdf", Meta: map[string]string{"mail.subject": "Votre facture 12"}}
	fmt.Println(invoices.Match(context.Background(), d))
	// Output: true <nil>
}
