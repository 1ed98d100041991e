package imap

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	goimap "github.com/emersion/go-imap/v2"
)

// maxHeader is how much of a header goes into a hash.
const maxHeader = 64 << 10

// hashes gives mails IDs for a folder whose UIDs do not last: a hash of their
// headers and sizes. Of those that are the same in both the first keeps it,
// and the others are numbered. Mails without a header are left out.
func (l *line) hashes(b *box, mails []mail) ([]mail, error) {
	sums := make(map[uint32]string, len(mails))
	for rest := mails; len(rest) > 0; {
		part := rest[:min(batchMails, len(rest))]
		rest = rest[len(part):]
		err := l.run(b, func(s *session) error { return s.hash(part, sums) })
		if err != nil && !isRefusal(err) {
			return nil, err
		}
	}
	seen := make(map[string]int, len(mails))
	var kept []mail
	for _, m := range mails {
		sum, ok := sums[m.uid]
		if !ok {
			continue
		}
		if m.hash = sum; seen[sum] > 0 {
			m.hash = fmt.Sprintf("%s-%d", sum, seen[sum]+1)
		}
		seen[sum]++
		kept = append(kept, m)
	}
	if len(kept) < len(mails) {
		return kept, fmt.Errorf("server does not return the headers of %d mails", len(mails)-len(kept))
	}
	return kept, nil
}

// hash puts the sums of mails into sums, by UID.
func (s *session) hash(mails []mail, sums map[uint32]string) error {
	sizes := make(map[uint32]int64, len(mails))
	var set goimap.UIDSet
	for _, m := range mails {
		sizes[m.uid] = m.size
		set.AddNum(goimap.UID(m.uid))
	}
	section := &goimap.FetchItemBodySection{
		Specifier: goimap.PartSpecifierHeader, Peek: true, Partial: &goimap.SectionPartial{Size: maxHeader},
	}
	sum := ""
	return s.bodies(set, section, budget+int64(len(mails))*(maxHeader+1024), func(uid uint32, b body) error {
		size, ok := sizes[uid]
		if !ok {
			return nil
		}
		h := sha256.New()
		fmt.Fprintf(h, "%d\n", size)
		n, err := io.Copy(h, b.lit)
		if err == nil && n != b.lit.Size() {
			err = errDesync
		}
		sum = hex.EncodeToString(h.Sum(nil)[:16])
		return err
	}, func(uid uint32) {
		if sum != "" {
			sums[uid], sum = sum, ""
		}
	})
}
