// Command peerbench compares how well parsers take mails apart. It is a module
// of its own, so that theirs stay out of the dependencies of coldlauncher.
//
//	go run . DIR
//
// DIR holds mails in eml/ and, in oracle.json, what is attached to them: name
// and SHA-256 of each file. For each parser a line says how many of the
// attachments it finds with the same bytes and the same name, cleaned; then the
// same of those mails alone whose expectation is beyond doubt.
//
// Speed and memory are measured by
//
//	go test -bench .
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: peerbench DIR")
		os.Exit(2)
	}
	c, err := readCorpus(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("%-24s %-20s   %-20s   of %d mails\n", "parser", "attachments", "beyond doubt", len(c.mails))
	for _, p := range parsers {
		c.rate(p).print(os.Stdout)
	}
}
