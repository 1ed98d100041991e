package dial

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"syscall"
)

// Public is for Server.Dial where people other than the operator may name
// servers: it refuses to connect to loopback, private, link-local, multicast
// and unspecified addresses. It looks at the address that is really connected
// to, after names were resolved, so that a name cannot be turned round later.
func Public(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
		ap, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		if a := ap.Addr().Unmap(); !isPublic(a) {
			return fmt.Errorf("address %v is not public", a)
		}
		return nil
	}}
	return d.DialContext(ctx, network, address)
}

func isPublic(a netip.Addr) bool {
	shared := netip.MustParsePrefix("100.64.0.0/10") // RFC 6598, behind carriers' translation
	return a.IsGlobalUnicast() && !a.IsPrivate() && !shared.Contains(a)
}
