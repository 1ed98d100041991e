package mail

import (
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/ezged/coldlauncher/launcher"
)

// maxSent is how much of a name is kept as it was sent, in bytes.
const maxSent = 1 << 10

// setName gives d the name that it was sent with, in NFC and made safe, or that
// of its part if it has none.
func setName(d *launcher.Document, sent, path, mediaType string) {
	if strings.TrimSpace(sent) == "" {
		d.Name = partName(path, mediaType)
		return
	}
	if d.Name = launcher.CleanName(norm.NFC.String(sent)); d.Name != sent {
		d.Meta[launcher.MetaName] = cut(sent, maxSent)
	}
}

// messageName is the name of a mail as a document.
func messageName(name string) string {
	if hasMailName(name) {
		return name
	}
	return launcher.CleanName(name + ".eml")
}

// partName is the name of a part without one, with the number path, such as
// "2/1".
func partName(path, mediaType string) string {
	return "part-" + strings.ReplaceAll(path, "/", "-") + extension(mediaType)
}

// cut shortens s to at most n bytes, at a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

// extension returns the extension, with its dot, for a document without name.
// The table is our own because that of the system differs between machines.
func extension(mediaType string) string {
	if ext := extensions(mediaType); ext != "" {
		return ext
	}
	switch {
	case strings.HasPrefix(mediaType, "text/"):
		return ".txt"
	case strings.HasPrefix(mediaType, "message/"):
		return ".eml"
	case strings.HasSuffix(mediaType, "+xml"):
		return ".xml"
	case strings.HasSuffix(mediaType, "+json"):
		return ".json"
	case strings.HasSuffix(mediaType, "+zip"):
		return ".zip"
	}
	return ".bin"
}

func extensions(mediaType string) string {
	switch mediaType {
	case "application/pdf", "application/x-pdf":
		return ".pdf"
	case "application/xml", "text/xml":
		return ".xml"
	case "application/json", "text/json":
		return ".json"
	case "application/zip", "application/x-zip-compressed", "application/x-zip":
		return ".zip"
	case "application/gzip", "application/x-gzip":
		return ".gz"
	case "application/x-tar":
		return ".tar"
	case "application/x-7z-compressed":
		return ".7z"
	case "application/rtf", "text/rtf":
		return ".rtf"
	case "application/postscript":
		return ".ps"
	case "application/msword":
		return ".doc"
	case "application/vnd.ms-excel":
		return ".xls"
	case "application/vnd.ms-powerpoint":
		return ".ppt"
	case "application/vnd.openxmlformats-officedocument.wordprocessingml.document":
		return ".docx"
	case "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":
		return ".xlsx"
	case "application/vnd.openxmlformats-officedocument.presentationml.presentation":
		return ".pptx"
	case "application/vnd.oasis.opendocument.text":
		return ".odt"
	case "application/vnd.oasis.opendocument.spreadsheet":
		return ".ods"
	case "application/pkcs7-mime", "application/x-pkcs7-mime":
		return ".p7m"
	case "application/pkcs7-signature", "application/x-pkcs7-signature":
		return ".p7s"
	case "application/pgp-signature", "application/pgp-encrypted":
		return ".asc"
	case "application/ms-tnef", "application/vnd.ms-tnef":
		return ".dat"
	case "text/html":
		return ".html"
	case "text/csv", "text/comma-separated-values":
		return ".csv"
	case "text/calendar":
		return ".ics"
	case "text/vcard", "text/x-vcard":
		return ".vcf"
	case "image/jpeg", "image/jpg", "image/pjpeg":
		return ".jpg"
	case "image/png":
		return ".png"
	case "image/gif":
		return ".gif"
	case "image/tiff":
		return ".tif"
	case "image/bmp":
		return ".bmp"
	case "image/svg+xml":
		return ".svg"
	case "image/webp":
		return ".webp"
	case "image/heic":
		return ".heic"
	case "audio/mpeg":
		return ".mp3"
	case "audio/wav", "audio/x-wav":
		return ".wav"
	case "video/mp4":
		return ".mp4"
	}
	return ""
}
