package dial

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// ErrQuota is wrapped by errors of a [Quota] that is used up.
var ErrQuota = errors.New("quota of bytes is used up")

// A Quota bounds the bytes that are received for an account in 24 hours: large
// providers block accounts that exceed some 2,500 MB a day. Connections are
// refused once it is used up, and callers reserve what they are about to
// download. It counts since the process started, by the hour, and what was
// received a full day ago is free again. A command that was begun is not cut
// short, so leave a margin for listings.
//
// A Quota is safe for concurrent use, may be shared by all Servers of one
// account, and must not be copied after first use. A nil Quota bounds nothing.
type Quota struct {
	Bytes int64 // in 24 hours; 0: no limit

	mu       sync.Mutex
	hours    [25]int64 // bytes received, by hour since 1970 modulo 25
	hour     int64     // the latest of them
	reserved int64
}

// Reserve takes n bytes off what is left until release is called, by which time
// they have been received or will not be. It returns an error that wraps
// ErrQuota if less is left.
func (q *Quota) Reserve(n int64) (release func(), err error) {
	if q == nil || q.Bytes <= 0 {
		return func() {}, nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if left := q.left(); n > left {
		return nil, fmt.Errorf("%w: %d bytes of the %d of 24 hours are left, and %d wanted", ErrQuota, max(left, 0), q.Bytes, n)
	}
	q.reserved += n
	return sync.OnceFunc(func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.reserved -= n
	}), nil
}

// Fits reports whether n bytes could ever be reserved.
func (q *Quota) Fits(n int64) bool { return q == nil || q.Bytes <= 0 || n <= q.Bytes }

// received counts n bytes.
func (q *Quota) received(n int64) {
	if q == nil || q.Bytes <= 0 {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.turn()
	q.hours[q.hour%int64(len(q.hours))] += n
}

// left returns how many bytes may be received now.
func (q *Quota) left() int64 {
	q.turn()
	left := q.Bytes - q.reserved
	for _, n := range q.hours {
		left -= n
	}
	return left
}

// turn forgets hours that are a day old.
func (q *Quota) turn() {
	now := time.Now().Unix() / 3600
	for steps := 0; q.hour < now && steps < len(q.hours); steps++ {
		q.hour++
		q.hours[q.hour%int64(len(q.hours))] = 0
	}
	q.hour = max(q.hour, now)
}
