package dir

import (
	"os"
	"syscall"
	"time"
)

// changed returns when the file or what is known of it last changed. Unlike
// the time of modification it cannot be set.
func changed(info os.FileInfo) time.Time {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return time.Unix(st.Ctim.Unix())
	}
	return info.ModTime()
}
