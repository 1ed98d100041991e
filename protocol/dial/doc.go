// Package dial opens connections to mail servers, for the protocols that read
// mailboxes.
//
// It decides everything about security on the wire, in one place: TLS,
// STARTTLS and STLS, who logs in and with what. The libraries that speak IMAP and POP3
// know neither contexts nor deadlines that progress renews; a [Conn] gives them
// both. They are handed a Conn that is logged in already and begins with a
// greeting made up here:
//
//	account := &dial.Server{
//		Addr:     "imap.example.org",
//		User:     "invoices@example.org",
//		Password: launcher.SecretEnv("IMAP_PASSWORD"),
//	}
//	conn, err := account.IMAP(ctx)
//	if err != nil {
//		return err
//	}
//	defer conn.Close()
//	client := imapclient.New(conn, nil)
//
// A password travels in clear only over a connection for which [Plaintext] was
// said outright. TLS is 1.2 or later. No error holds a password or token.
//
// [Hosts] caps the connections to one server over all accounts that share the
// value, and [Guard] keeps an account whose password was refused from being
// locked out by further attempts. [Quota] bounds what is received in a day.
//
// Server.Dial is the one seam through which every byte passes: tests cut,
// delay and garble connections there, and hosts send them through a proxy or
// refuse private addresses with [Public].
package dial
