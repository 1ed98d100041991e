package imap

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/ezged/coldlauncher/protocol/dial"
)

// responses stands between a connection and the library, which closes the
// connection at the first response that it cannot read. It passes on what the
// library needs for the commands that are sent here, leaves out or mends what
// servers are known to add or to get wrong, and takes down what the library
// drops: the state of the selected folder, and alerts.
type responses struct {
	*dial.Conn
	br *bufio.Reader

	out     []byte // to be read next; in br's buffer or mended
	literal int64  // bytes of a literal that come after out
	inside  bool   // the response goes on
	cut     bool   // the line goes on: it is longer than br's buffer
	tail    []byte // of the line so far, if cut
	drop    bool   // the response is left out
	text    bool   // the response ends with text for people: braces mean nothing
	greeted bool

	coming  *arrival // the response is one of a taker's; nil: it is not
	arrived *arrival // the response before was, and seems to be whole

	own   atomic.Pointer[ownCommand] // under way; nil: none
	plus  atomic.Bool                // a continuation request is expected
	over  atomic.Bool                // the library does not read any more, and ends all commands
	ended <-chan struct{}            // closed when it has ended them

	aborted atomic.Bool // it is to stop

	mu       sync.Mutex
	takers   []*taker
	selected selected
	rights   *string // in a folder; nil: none were told
	alerts   []string
	unread   []string // names of folders that cannot be read
}

// selected is what a server says when a folder is selected.
type selected struct {
	validity  uint64 // UIDVALIDITY; 0: none
	next      uint64 // UIDNEXT; 0: not told
	readOnly  bool
	notSticky bool // UIDs do not outlive the session
}

const maxNotes = 16

const (
	ahead  = 64 << 10 // bytes that are read from the connection at a time, of small mails
	direct = 32 << 10 // so many are read into their place, of large ones
)

func newResponses(c *dial.Conn) *responses {
	return &responses{Conn: c, br: bufio.NewReaderSize(c, ahead)}
}

// Read implements net.Conn for the library.
func (r *responses) Read(p []byte) (int, error) {
	for len(p) > 0 {
		switch {
		case len(r.out) > 0:
			n := copy(p, r.out)
			r.out = r.out[n:]
			return n, nil
		case r.literal > 0 && r.drop:
			n, err := r.br.Discard(int(min(r.literal, 1<<20)))
			r.literal -= int64(n)
			if err != nil {
				return 0, err
			}
		case r.literal > 0:
			return r.body(p)
		default:
			if err := r.next(); err != nil {
				return 0, err
			}
		}
	}
	return 0, nil
}

// body reads what of a literal fits into p, without a copy where that is much.
func (r *responses) body(p []byte) (n int, err error) {
	p = p[:min(int64(len(p)), r.literal)]
	if r.br.Buffered() == 0 && len(p) >= direct {
		n, err = r.Conn.Read(p)
	} else {
		n, err = r.br.Read(p)
	}
	r.literal -= int64(n)
	return n, err
}

// Close implements net.Conn for the library, which calls it when it has stopped
// reading, before it ends the commands under way.
func (r *responses) Close() error {
	r.over.Store(true)
	return r.Conn.Close()
}

// Write implements net.Conn for the library. It fails only once the library has
// stopped reading: that ends the commands under way, which must not happen
// while the answer to one of them is being handed on. Before, nobody may wait
// here: it may be the answer to this one.
func (r *responses) Write(p []byte) (int, error) {
	n, err := r.Conn.Write(p)
	if r.over.Load() {
		<-r.ended
		return 0, r.Conn.Err()
	}
	return n, err
}

// abort closes the connection, and has nothing read any more of what has come
// already: nobody takes it from the library.
func (r *responses) abort() {
	r.aborted.Store(true)
	r.Conn.Close()
}

// next reads a line, or as much of it as the buffer holds, and decides what
// becomes of it.
func (r *responses) next() error {
	if r.aborted.Load() {
		return net.ErrClosed
	}
	line, err := r.br.ReadSlice('\n')
	whole := err == nil
	if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
		return err
	}
	begins := !r.inside && !r.cut
	if begins {
		r.drop, r.text = false, false
		if line, err = r.begin(line, whole); err != nil {
			return err
		}
		if !r.drop || r.coming != nil { // what is left out may be anything
			r.confirm()
		}
	}
	if !whole && r.coming != nil {
		return r.leave(r.coming, line)
	}
	if !whole {
		r.cut = true
		r.tail = append(r.tail[:0], line[max(0, len(line)-32):]...)
		r.pass(line)
		return nil
	}
	r.inside = false
	end := line[max(0, len(line)-32):]
	if r.cut {
		end = append(r.tail, end...)
	}
	if n, at := announced(end); n >= 0 && !r.text {
		r.inside, r.literal = true, n
		if at == '~' { // RFC 3516 literals that the library does not take here
			line = bytes.Replace(line, []byte("~{"), []byte("{"), 1)
		}
	}
	r.cut, r.tail = false, r.tail[:0]
	r.pass(line)
	a := r.coming
	switch {
	case a == nil:
		return nil
	case begins:
		return r.take(a)
	}
	r.coming = nil
	return r.leave(a, line)
}

func (r *responses) pass(line []byte) {
	if !r.drop {
		r.out = line
	}
}

// announced returns the length of the literal that follows a line, -1 if none
// does, and the byte before its brace.
func announced(line []byte) (n int64, before byte) {
	line = bytes.TrimRight(line, "\r\n")
	open := bytes.LastIndexByte(line, '{')
	if open < 1 || line[len(line)-1] != '}' {
		return -1, 0
	}
	n, err := strconv.ParseInt(string(line[open+1:len(line)-1]), 10, 64)
	if err != nil || n < 0 {
		return -1, 0
	}
	return n, line[open-1]
}

func isCondition(word string) bool {
	switch word {
	case "OK", "NO", "BAD", "BYE", "PREAUTH":
		return true
	}
	return false
}

// begin looks at the first line of a response and returns what is to be passed
// on of it. It sets drop for a response that is to be left out.
func (r *responses) begin(line []byte, whole bool) ([]byte, error) {
	if !r.greeted {
		r.greeted, r.text = true, true // made up by package dial
		return line, nil
	}
	first, rest, _ := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(" "))
	switch {
	case len(first) == 0 && len(rest) == 0:
		r.drop = true
		return line, nil
	case len(first) == 1 && first[0] == '+':
		r.drop = !r.plus.CompareAndSwap(true, false)
		return line, nil
	case len(first) == 1 && first[0] == '*':
		return r.untagged(line, rest, whole), nil
	case r.own.Load().is(first) && whole:
		r.text, r.drop = true, true
		r.own.Swap(nil).end(string(rest))
		return line, nil
	case len(first) > 1 && first[0] == 'T' && isDigits(first[1:]) && whole:
		r.text = true
		if own := r.own.Load(); own != nil {
			own.behind = false
		}
		return r.condition(string(first), string(rest)), nil
	}
	return nil, fmt.Errorf("server said %q where a response begins", saying(line))
}

func isDigits(b []byte) bool {
	return len(b) > 0 && len(bytes.Trim(b, "0123456789")) == 0
}

// untagged decides about a response without a tag, of which rest comes after
// the star.
func (r *responses) untagged(line, rest []byte, whole bool) []byte {
	word, args, _ := bytes.Cut(rest, []byte(" "))
	if isDigits(word) {
		kind, items, _ := bytes.Cut(args, []byte(" "))
		switch strings.ToUpper(string(kind)) {
		case "EXISTS":
			if own := r.own.Load(); own != nil && own.exists != nil {
				own.exists(uint32(readNumber(string(word), 32)))
			}
		case "EXPUNGE":
		case "FETCH":
			if own := r.own.Load(); own != nil {
				r.drop = true
				if whole {
					own.fetched(items)
				}
				return line
			}
			if r.coming = r.arrival(items, whole); r.coming != nil {
				r.drop = true
				return line
			}
			if mended, ok := mendFlags(items); ok && whole {
				return fmt.Appendf(nil, "* %s FETCH %s\r\n", word, mended)
			}
		default:
			r.drop = true
		}
		return line
	}
	switch kind := strings.ToUpper(string(word)); {
	case isCondition(kind):
		r.text, r.drop = true, !whole
		return r.condition("*", string(rest))
	case kind == "LIST":
		if trimmed := bytes.TrimRight(args, " "); whole && len(trimmed) < len(args) {
			args = trimmed
			line = fmt.Appendf(nil, "* LIST %s\r\n", args)
		}
		if name, ok := readable(args); !ok || !whole {
			r.note(&r.unread, name)
			r.drop = true
		}
	case kind == "MYRIGHTS":
		if rights, ok := rightsIn(bytes.TrimRight(args, " ")); ok && whole {
			r.mu.Lock()
			r.rights = &rights
			r.mu.Unlock()
		}
		r.drop = true
	case kind == "NAMESPACE", kind == "SEARCH", kind == "ESEARCH":
	default:
		r.drop = true
	}
	return line
}

// condition rebuilds a status response. Of the codes it keeps those that the
// library reads right, and takes down those that it does not pass on.
func (r *responses) condition(tag, rest string) []byte {
	word, text, _ := strings.Cut(rest, " ")
	code := ""
	if strings.HasPrefix(text, "[") {
		if c, t, ok := strings.Cut(text[1:], "]"); ok {
			code, text = c, strings.TrimPrefix(t, " ")
		}
	}
	r.learn(strings.ToUpper(code), text)
	if code = keepCode(code); code != "" {
		code = "[" + code + "] "
	}
	if text == "" || text[0] == '[' {
		text = "- " + text // or the library takes it for a code
	}
	return fmt.Appendf(nil, "%s %s %s%s\r\n", tag, strings.ToUpper(word), code, text)
}

// keepCode returns a response code if the library can read it.
func keepCode(code string) string {
	name, args, _ := strings.Cut(code, " ")
	name = strings.ToUpper(name)
	if strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "" {
		return ""
	}
	switch name {
	case "CAPABILITY", "PERMANENTFLAGS", "UIDNEXT", "UIDVALIDITY", "HIGHESTMODSEQ", "APPENDUID":
		return ""
	case "COPYUID":
		f := strings.Fields(args)
		if len(f) != 3 || !isNumber(f[0]) || strings.Trim(f[1]+f[2], "0123456789,:") != "" {
			return ""
		}
		return name + " " + strings.Join(f, " ")
	}
	return name
}

func isNumber(s string) bool {
	_, err := strconv.ParseUint(s, 10, 32)
	return err == nil
}

// learn takes down what a response code says.
func (r *responses) learn(code, text string) {
	name, args, _ := strings.Cut(code, " ")
	r.mu.Lock()
	defer r.mu.Unlock()
	switch name {
	case "UIDVALIDITY":
		r.selected.validity, _ = strconv.ParseUint(strings.TrimSpace(args), 10, 64)
	case "UIDNEXT":
		r.selected.next, _ = strconv.ParseUint(strings.TrimSpace(args), 10, 64)
	case "READ-ONLY":
		r.selected.readOnly = true
	case "READ-WRITE":
		r.selected.readOnly = false
	case "UIDNOTSTICKY":
		r.selected.notSticky = true
	case "ALERT":
		if len(r.alerts) < maxNotes {
			r.alerts = append(r.alerts, saying([]byte(text)))
		}
	}
}

func (r *responses) note(list *[]string, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(*list) < maxNotes {
		*list = append(*list, text)
	}
}

// takeNotes returns the alerts, and the names of folders that could not be
// read, that have come in since it was last called.
func (r *responses) takeNotes() (alerts, unread []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	alerts, unread = r.alerts, r.unread
	r.alerts, r.unread = nil, nil
	return alerts, unread
}

// takeRights returns the rights that were told since it was last called; nil if
// none were.
func (r *responses) takeRights() *string {
	r.mu.Lock()
	defer r.mu.Unlock()
	rights := r.rights
	r.rights = nil
	return rights
}

// forget forgets the selected folder.
func (r *responses) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.selected = selected{}
}

func (r *responses) state() selected {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.selected
}

// mendFlags leaves out of the flags in a FETCH response those that are not
// flags. It reports false if all of them are.
func mendFlags(items []byte) ([]byte, bool) {
	at := bytes.Index(items, []byte("FLAGS ("))
	if at < 0 {
		return nil, false
	}
	at += len("FLAGS (")
	end := bytes.IndexByte(items[at:], ')')
	if end < 0 || !bytes.ContainsAny(items[at:at+end], "({%*\"]\x7f") {
		return nil, false
	}
	var kept [][]byte
	for _, f := range bytes.Fields(items[at : at+end]) {
		if !bytes.ContainsAny(bytes.TrimPrefix(f, []byte(`\`)), "(){%*\"]\\\x7f") {
			kept = append(kept, f)
		}
	}
	mended := bytes.Join([][]byte{items[:at], bytes.Join(kept, []byte(" ")), items[at+end:]}, nil)
	return mended, true
}

// readable reports whether the library can read the name in a LIST response,
// and returns it as it came. A name that comes as a literal is taken to be.
func readable(args []byte) (name string, ok bool) {
	s := string(args)
	if n, _ := announced(args); n >= 0 {
		return "", true
	}
	i := strings.Index(s, ") ")
	if i < 0 || strings.ContainsAny(s[:i], "]\"{%") {
		return saying(args), false
	}
	_, name, ok = strings.Cut(s[i+2:], " ") // the separator is one character or NIL
	if !ok {
		return saying(args), false
	}
	if q, found := strings.CutPrefix(name, `"`); found {
		name = strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(strings.TrimSuffix(q, `"`))
	} else if _, more, _ := strings.Cut(name, " "); more != "" && more[0] != '(' { // RFC 5258
		return name, false
	}
	return name, isUTF7(name)
}

var utf7 = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,").WithPadding(base64.NoPadding)

// isUTF7 reports whether name is in the encoding of RFC 3501, 5.1.3.
func isUTF7(name string) bool {
	if !utf8.ValidString(name) || name == "" {
		return false
	}
	shifted := false // the character before was encoded
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c < ' ' || c == 0x7f {
			return false
		}
		if c != '&' {
			shifted = false
			continue
		}
		end := strings.IndexByte(name[i+1:], '-')
		if end < 0 || end > 0 && (shifted || !isUTF16(name[i+1:i+1+end])) {
			return false
		}
		shifted = end > 0
		i += 1 + end
	}
	return true
}

func isUTF16(encoded string) bool {
	b, err := utf7.DecodeString(encoded)
	if err != nil || len(b)%2 != 0 || len(b) == 0 {
		return false
	}
	for i := 0; i < len(b); i += 2 {
		r := rune(b[i])<<8 | rune(b[i+1])
		switch {
		case utf16.IsSurrogate(r):
			if i += 2; i == len(b) || utf16.DecodeRune(r, rune(b[i])<<8|rune(b[i+1])) == utf8.RuneError {
				return false
			}
		case r >= ' ' && r <= '~':
			return false
		}
	}
	return true
}

const maxSaid = 256

// saying returns what a server said as far as it may be shown.
func saying(b []byte) string {
	b = bytes.TrimRight(b, "\r\n")
	if len(b) > maxSaid {
		return strings.ToValidUTF8(string(b[:maxSaid]), "") + "…"
	}
	return string(b)
}
