package dial

import (
	"net"
	"syscall"
)

// lowWater returns what sets how many bytes must have arrived on c for a Read
// that waits to go on; nil if that cannot be set. The end of the stream, and a
// window that is full, let it go on as well. See socket(7), SO_RCVLOWAT.
func lowWater(c *net.TCPConn) func(bytes int) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil
	}
	return func(bytes int) {
		raw.Control(func(fd uintptr) {
			// Without it Read waits for any byte, as it did before.
			syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVLOWAT, bytes)
		})
	}
}
