package disk

import (
	"errors"
	"syscall"
)

// A fault is an error of the file system, which no parcel is to blame for.
type fault struct{ error }

func (f *fault) Unwrap() error { return f.error }

// Blame returns err as a fault unless it is about the name or size of one
// file, which another parcel would not run into.
func Blame(err error) error {
	if err == nil {
		return nil
	}
	for _, own := range []error{syscall.ENAMETOOLONG, syscall.EFBIG} {
		if errors.Is(err, own) {
			return err
		}
	}
	return &fault{err}
}

// IsFault reports whether err is, or wraps, an error of the file system that
// no parcel is to blame for.
func IsFault(err error) bool {
	var f *fault
	return errors.As(err, &f)
}
