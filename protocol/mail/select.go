package mail

import (
	"strings"

	"github.com/ezged/coldlauncher/protocol/mail/internal/mime"
)

// Roles of documents beside those that package launcher names.
const (
	// RoleSealed is the role of what is encrypted or signed so that its content
	// does not show: S/MIME (*.p7m) and OpenPGP. It is handed over as it is.
	RoleSealed = "sealed"
	// RoleSignature is the role of a signature that stands beside what it signs.
	RoleSignature = "signature"
)

// Pictures tells which pictures belong to the text of a mail and are not
// documents: logos, signatures, tracking pixels. Only images count that the
// sender did not declare attachments, and whose size is small, for a large one
// may be a scan that somebody pasted into the text. Sizes are in bytes; 0 means
// the default, and -1 that no picture is left out for that reason.
type Pictures struct {
	Shown int64 // left out up to this size: what HTML in the mail refers to; 0: 128 KiB
	Small int64 // left out up to this size: any other that is marked inline; 0: 8 KiB
}

// isDecoration reports whether a picture of that size belongs to the text.
func (p Pictures) isDecoration(l *leaf, size int64) bool {
	if !l.isPicture() {
		return false
	}
	if l.shown {
		return size <= orDefault(p.Shown, 128<<10)
	}
	return l.inline && size <= orDefault(p.Small, 8<<10)
}

func orDefault(n, zero int64) int64 {
	if n == 0 {
		return zero
	}
	return n
}

// A leaf is a part that is not divided any further.
type leaf struct {
	*mime.Part
	parent  *mime.Part // the multipart it is in; nil for none
	inline  bool       // meant to be shown with the text
	shown   bool       // HTML in the mail refers to it
	related bool       // stands in a multipart/related
}

func newLeaf(p, parent *mime.Part) leaf {
	related := parent != nil && parent.Type.Main == "multipart/related"
	inline := p.Disposition.Main == "inline" || p.Disposition.Main == "" && related
	return leaf{Part: p, parent: parent, inline: inline, related: related}
}

// isPicture reports whether the leaf is an image that is not declared an
// attachment.
func (l *leaf) isPicture() bool {
	return strings.HasPrefix(l.Type.Main, "image/") && l.Disposition.Main != "attachment"
}

// role returns the role of the leaf as a document; "body" also for reports of
// mail servers.
func (l *leaf) role() string {
	switch l.Type.Main {
	case "application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted":
		return RoleSealed
	case "application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature":
		return RoleSignature
	}
	switch {
	case l.parent != nil && l.parent.Type.Main == "multipart/encrypted":
		return RoleSealed
	case l.isText():
		return "body"
	case l.inline:
		return "inline"
	}
	return "attachment"
}

// isText reports whether the leaf is text that the mail consists of, rather
// than a file: it has no name, is not declared an attachment, and is of a type
// that mail programs show.
func (l *leaf) isText() bool {
	if l.Disposition.Main == "attachment" || l.FileName() != "" {
		return false
	}
	switch l.Type.Main {
	case "text/plain", "text/html", "text/enriched", "text/richtext", "text/x-amp-html", "text/watch-html",
		"text/rfc822-headers", "message/delivery-status", "message/disposition-notification", "message/feedback-report",
		"message/global-headers", "message/global-delivery-status":
		return true
	}
	return false
}

// isTNEF reports whether the leaf is what Outlook packs files into.
func (l *leaf) isTNEF() bool {
	return l.Type.Main == "application/ms-tnef" || l.Type.Main == "application/vnd.ms-tnef" ||
		strings.EqualFold(l.FileName(), "winmail.dat")
}

// isMail reports whether the leaf is a whole mail, by its type or its name.
func (l *leaf) isMail() bool { return l.IsMessage() || hasMailName(l.FileName()) }

// isResourceFork reports whether the leaf is what a Macintosh keeps beside a
// file (RFC 1740), under the name of that file.
func (l *leaf) isResourceFork() bool {
	return l.Type.Main == "application/applefile" && l.parent != nil && l.parent.Type.Main == "multipart/appledouble"
}

// isReference reports whether the leaf stands for something that is not in the
// mail, so that names in it are not its own.
func (l *leaf) isReference() bool {
	return l.Type.Main == "message/external-body" || l.Type.Main == "message/partial"
}
