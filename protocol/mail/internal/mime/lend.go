package mime

import "io"

// A Lender is a reader of bytes some of which lie in memory: they need not be
// copied to be looked at.
type Lender interface {
	io.ReaderAt

	// Lend returns up to n of the bytes from off on, as far as they lie
	// together in memory; none if they have to be read. They must not be
	// changed. Where it returned some they stay there until Return is called,
	// which comes before the next call of Lend or ReadAt.
	Lend(off int64, n int) []byte
	Return()
}

// border is how much is read at first where what is lent ends within a line:
// more than a line has, and little beside what is lent.
const border = 1 << 10

// A loan is what is read from, and what that has lent.
type loan struct {
	from   io.ReaderAt
	lender Lender // from; nil if it is none
	lent   bool
}

func newLoan(from io.ReaderAt) loan {
	lender, _ := from.(Lender)
	return loan{from: from, lender: lender}
}

// take returns up to n of the bytes from off on, as Lend does. Nothing is lent
// before.
func (l *loan) take(off int64, n int) (text []byte) {
	if l.lender != nil && n > 0 {
		text = l.lender.Lend(off, n)
		l.lent = len(text) > 0
	}
	return text
}

// giveBack gives back what is lent, if anything is.
func (l *loan) giveBack() {
	if l.lent {
		l.lent = false
		l.lender.Return()
	}
}
