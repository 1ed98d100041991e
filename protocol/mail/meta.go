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

// A field is one of a header that Unit.Meta has a key for.
type field struct {
	name string // lower case
	key  string
	read func(value string) string
}

// fields returns those that have a key of their own, and the extra ones.
func fields(extra []string) []field {
	all := []field{
		{"from", MetaFrom, mime.Addresses},
		{"sender", MetaSender, mime.Addresses},
		{"reply-to", MetaReplyTo, mime.Addresses},
		{"to", MetaTo, mime.Addresses},
		{"cc", MetaCc, mime.Addresses},
		{"subject", MetaSubject, mime.Text},
		{"message-id", MetaMessageID, mime.Text},
		{"in-reply-to", MetaInReplyTo, mime.Text},
		{"references", MetaReferences, mime.Text},
		{"list-id", MetaListID, mime.Text},
		{"auto-submitted", MetaAuto, mime.Text},
		{"date", MetaDate, date},
		{"received", MetaReceived, received},
	}
	for _, name := range extra {
		name = strings.ToLower(name)
		all = append(all, field{name, MetaHeader + name, mime.Text})
	}
	return all
}

// putHeader sets what a header says of its mail.
func putHeader(meta map[string]string, h mime.Header, fields []field) {
	for _, f := range fields {
		if value := h.Get(f.name); value != "" {
			put(meta, f.key, f.read(value))
		}
	}
}

// put sets a key unless its value is empty.
func put(meta map[string]string, key, value string) {
	if value != "" {
		meta[key] = cut(value, maxValue)
	}
}

// received returns the date at the end of a Received field, as date does.
func received(s string) string {
	i := strings.LastIndexByte(s, ';')
	if i < 0 {
		return ""
	}
	return date(s[i+1:])
}

// maxDate is the longest date that is read, in bytes. In Go 1.25.0,
// mail.ParseDate takes time that is quadratic in the length of a comment.
const maxDate = 1 << 10

// date returns a date of a header as RFC 3339; "" if it is none.
func date(s string) string {
	s = singleBlanks(s)
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

// singleBlanks returns s with a single blank wherever it has any.
func singleBlanks(s string) string {
	s = strings.TrimSpace(s)
	if !strings.Contains(s, "  ") && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) {
		return s // as nearly all
	}
	return strings.Join(strings.Fields(s), " ")
}

// likelyLayout returns the layout of a date of RFC 5322 that has the form of s.
func likelyLayout(s string) string {
	const offset, zone = "2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04:05 MST"
	last := s[strings.LastIndexByte(s, ' ')+1:]
	named, day := last != "" && last[0] >= 'A', strings.IndexByte(s, ',') >= 0
	switch {
	case named && day:
		return "Mon, " + zone
	case named:
		return zone
	case day:
		return "Mon, " + offset
	}
	return offset
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
