package mail

import (
	"net/mail"
	"strings"
	"time"

	"github.com/ezged/coldlauncher/protocol/mail/internal/mime"
)

// Keys of what is known of a mail, in Unit.Meta. Values are one line of UTF-8
// with encoded words decoded, at most 8 KiB; what a mail does not have is
// absent. They are outside text.
const (
	MetaFrom       = "mail.from"        // From: names and addresses, as RFC 5322 writes them
	MetaSender     = "mail.sender"      // Sender
	MetaReplyTo    = "mail.reply-to"    // Reply-To
	MetaTo         = "mail.to"          // To
	MetaCc         = "mail.cc"          // Cc
	MetaSubject    = "mail.subject"     // Subject
	MetaDate       = "mail.date"        // Date, as RFC 3339
	MetaReceived   = "mail.received"    // when the last server received it, as RFC 3339
	MetaMessageID  = "mail.message-id"  // Message-ID, with its angle brackets
	MetaInReplyTo  = "mail.in-reply-to" // In-Reply-To
	MetaReferences = "mail.references"  // References
	MetaListID     = "mail.list-id"     // List-Id
	MetaAuto       = "mail.auto"        // Auto-Submitted
	MetaEnclosing  = "mail.enclosing"   // Message-ID of the mail that this one is inside
	MetaHeader     = "mail.header."     // before the name, in lower case, of a field asked for in Source.Headers
)

// Keys of what is known of one document of a mail, in Document.Meta.
const (
	MetaPart        = "mail.part"        // number of its part, such as "2.1", as in IMAP
	MetaCharset     = "mail.charset"     // charset that its type declares; the bytes are as sent
	MetaContentID   = "mail.content-id"  // Content-ID, without its angle brackets
	MetaDescription = "mail.description" // Content-Description
)

// maxValue is the longest value of a key, in bytes.
const maxValue = 8 << 10

// headerMeta returns what a header says of its mail.
func headerMeta(h mime.Header, extra []string) map[string]string {
	meta := map[string]string{}
	for _, f := range []struct{ key, field string }{
		{MetaFrom, "from"}, {MetaSender, "sender"}, {MetaReplyTo, "reply-to"}, {MetaTo, "to"}, {MetaCc, "cc"},
	} {
		put(meta, f.key, mime.Addresses(h.Get(f.field)))
	}
	for _, f := range []struct{ key, field string }{
		{MetaSubject, "subject"}, {MetaMessageID, "message-id"}, {MetaInReplyTo, "in-reply-to"},
		{MetaReferences, "references"}, {MetaListID, "list-id"}, {MetaAuto, "auto-submitted"},
	} {
		put(meta, f.key, mime.Text(h.Get(f.field)))
	}
	for _, name := range extra {
		name = strings.ToLower(name)
		put(meta, MetaHeader+name, mime.Text(h.Get(name)))
	}
	put(meta, MetaDate, date(h.Get("date")))
	if _, at, ok := cutLast(h.Get("received"), ";"); ok {
		put(meta, MetaReceived, date(at))
	}
	return meta
}

// put sets a key unless its value is empty.
func put(meta map[string]string, key, value string) {
	if value != "" {
		meta[key] = cut(value, maxValue)
	}
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// maxDate is the longest date that is read, in bytes. In Go 1.25.0,
// mail.ParseDate takes time that is quadratic in the length of a comment.
const maxDate = 1 << 10

// date returns a date of a header as RFC 3339; "" if it is none.
func date(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > maxDate {
		return ""
	}
	bare := cutComment(s)
	if t, err := time.Parse(likelyLayout(bare), bare); err == nil {
		return t.Format(time.RFC3339) // as nearly all; ParseDate tries many others first
	}
	if t, err := mail.ParseDate(s); err == nil {
		return t.Format(time.RFC3339)
	}
	for _, layout := range []string{time.RFC3339, time.RFC850, time.ANSIC, time.UnixDate, "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.Format(time.RFC3339)
		}
	}
	return ""
}

// likelyLayout returns the layout of a date of RFC 5322 that has the form of s.
func likelyLayout(s string) string {
	layout := "2 Jan 2006 15:04:05 -0700"
	if zone := s[strings.LastIndexByte(s, ' ')+1:]; zone != "" && zone[0] >= 'A' {
		layout = "2 Jan 2006 15:04:05 MST"
	}
	if strings.IndexByte(s, ',') >= 0 {
		layout = "Mon, " + layout
	}
	return layout
}

// cutComment cuts a comment without others in it, such as "(CEST)", off the end.
func cutComment(s string) string {
	before, after, found := strings.Cut(s, " (")
	if found && strings.IndexAny(after, `()\\`) == len(after)-1 && strings.HasSuffix(after, ")") {
		return before
	}
	return s
}

// hide makes sure that what p's mail does not say is not taken from the parcel
// that it came in: a key that outer has and meta has not becomes empty.
func hide(meta, outer map[string]string) {
	for key := range outer {
		if _, ok := meta[key]; !ok && strings.HasPrefix(key, "mail.") {
			meta[key] = ""
		}
	}
}
