package mailtest

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
)

// RawFetch fetches all mails in the INBOX of a user with one command and throws
// them away: what a Source can be measured against. A nil config is no TLS. It
// returns how many bytes came.
func RawFetch(addr string, config *tls.Config, user string) (int64, error) {
	c, r, err := rawDial(addr, config)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	pass := Password(user)
	fmt.Fprintf(c, "a LOGIN %s {%d+}\r\n%s\r\nb EXAMINE INBOX\r\nc UID FETCH 1:* (BODY.PEEK[])\r\n", user, len(pass), pass)
	var total int64
	for {
		line, err := r.ReadString('\n')
		total += int64(len(line))
		switch {
		case err != nil:
			return total, fmt.Errorf("mailtest: fetch: %w", err)
		case strings.HasPrefix(line, "c OK"):
			return total, nil
		case strings.HasPrefix(line, "a NO"), strings.HasPrefix(line, "b NO"), strings.HasPrefix(line, "c NO"), strings.HasPrefix(line, "* BYE"):
			return total, fmt.Errorf("mailtest: fetch: %q", line)
		}
		if i := strings.LastIndexByte(line, '{'); i >= 0 && line[0] == '*' && strings.HasSuffix(line, "}\r\n") {
			var n int64
			fmt.Sscanf(line[i:], "{%d}", &n)
			k, err := io.CopyN(io.Discard, r, n)
			total += k
			if err != nil {
				return total, fmt.Errorf("mailtest: fetch: %w", err)
			}
		}
	}
}

// RawRetrieve asks a POP3 server for the first n mails of a user at once and
// throws away what comes. A nil config is no TLS.
func RawRetrieve(addr string, config *tls.Config, user string, n int) error {
	c, r, err := rawDial(addr, config)
	if err != nil {
		return err
	}
	defer c.Close()
	for _, command := range []string{"", "USER " + user + "\r\n", "PASS " + Password(user) + "\r\n"} {
		io.WriteString(c, command)
		line, err := r.ReadString('\n')
		if err != nil || !strings.HasPrefix(line, "+OK") {
			return fmt.Errorf("mailtest: retrieve: %w", errors.Join(err, fmt.Errorf("answer %q", line)))
		}
	}
	var all strings.Builder
	for i := range n {
		fmt.Fprintf(&all, "RETR %d\r\n", i+1)
	}
	go io.WriteString(c, all.String()+"QUIT\r\n") // ends with the connection at the latest
	if _, err := io.Copy(io.Discard, r); err != nil {
		return fmt.Errorf("mailtest: retrieve: %w", err)
	}
	return nil
}

func rawDial(addr string, config *tls.Config) (net.Conn, *bufio.Reader, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, nil, fmt.Errorf("mailtest: %w", err)
	}
	if config != nil {
		config = config.Clone()
		config.ServerName = "localhost"
		c = tls.Client(c, config)
	}
	return c, bufio.NewReaderSize(c, 64<<10), nil
}
