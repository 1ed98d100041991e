package dir

import (
	"os"
	"syscall"
	"time"
)

// changed returns when the file was created here, which a copy that preserves
// the time of modification does not hide.
func changed(info os.FileInfo) time.Time {
	if st, ok := info.Sys().(*syscall.Win32FileAttributeData); ok {
		return time.Unix(0, st.CreationTime.Nanoseconds())
	}
	return info.ModTime()
}
