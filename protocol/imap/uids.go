package imap

import (
	"fmt"
	"iter"

	goimap "github.com/emersion/go-imap/v2"
)

// uids is a set of UIDs. It may come from a server, and stand for more numbers
// than fit in memory.
type uids goimap.UIDSet

// maxUIDs bounds what is read of a set of UIDs from a server.
const maxUIDs = 4 << 20

// each yields the UIDs in u, up to maxUIDs of them.
func (u uids) each() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		n := 0
		for _, r := range u {
			for uid := uint64(r.Start); uid <= uint64(r.Stop); uid++ {
				if n++; n > maxUIDs || !yield(uint32(uid)) {
					return
				}
			}
		}
	}
}

func (u uids) has(uid uint32) bool { return goimap.UIDSet(u).Contains(goimap.UID(uid)) }

// search returns the UIDs of the mails in the selected folder that fit, of
// which there are at most most.
func (s *session) search(criteria *goimap.SearchCriteria, most int64) (uids, error) {
	var found uids
	err := s.do(budget+12*most, func() error {
		data, err := s.c.UIDSearch(criteria, nil).Wait()
		if err == nil {
			set, _ := data.All.(goimap.UIDSet)
			found = uids(set)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	return found, nil
}

// exist returns those of the UIDs that are in the selected folder.
func (s *session) exist(set goimap.UIDSet) (uids, error) {
	return s.search(&goimap.SearchCriteria{UID: []goimap.UIDSet{set}}, maxSet)
}

// maxSet is how many UIDs one command names: 11 octets each at most stay well
// below the 8,000 that a server has to take (RFC 7162, 4).
const maxSet = 500

func setOf(mails []*mail) goimap.UIDSet {
	var set goimap.UIDSet
	for _, m := range mails {
		set.AddNum(goimap.UID(m.uid))
	}
	return set
}
