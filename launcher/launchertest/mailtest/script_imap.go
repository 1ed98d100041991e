package mailtest

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// An IMAPScript is an IMAP server that does as it is told. It speaks so much
// of the protocol as reading a mailbox takes, in clear, and takes any
// password. What it is to do wrong stands in the On fields.
type IMAPScript struct {
	Addr string

	// Caps are the capabilities besides IMAP4rev1.
	Caps string

	// Sep separates the parts of folder names, and Prefix comes before them.
	Sep, Prefix string

	// OnCommand, if not nil, may answer a command in the place of the script;
	// it returns true if it did. name is in upper case, with "UID " before it
	// where the client said so.
	OnCommand func(c *Talk, tag, name, args string) bool

	// OnMail, if not nil, may send the answer for one mail of a FETCH, whose
	// items are in upper case; it returns true if it did.
	OnMail func(c *Talk, seq int, m *Mail, items string) bool

	mu       sync.Mutex
	folders  map[string]*Folder
	commands []string
	conns    int
	open     atomic.Int64
}

// A Folder is one of an IMAPScript.
type Folder struct {
	Validity uint64 // UIDVALIDITY; 0 is not told
	Mails    []*Mail
	Attrs    string // in LIST
	nextUID  uint32
}

// A Mail is one in a Folder.
type Mail struct {
	UID   uint32
	Flags []string
	Body  io.ReaderAt
	Size  int64
	Time  time.Time // INTERNALDATE; zero is not told
	GM    uint64    // X-GM-MSGID, the same for all copies of a mail; 0 is not told
}

// NewMail returns a mail with that body.
func NewMail(uid uint32, body []byte) *Mail {
	return &Mail{UID: uid, Body: bytes.NewReader(body), Size: int64(len(body))}
}

// Start listens until the test ends.
func (s *IMAPScript) Start(t testing.TB) *IMAPScript {
	t.Helper()
	if s.Sep == "" {
		s.Sep = "/"
	}
	s.Addr = Script(t, s.talk)
	return s
}

// Folder returns the folder of that name, and makes it if there is none. A
// test must not use it while a client is connected.
func (s *IMAPScript) Folder(name string) *Folder {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.folder(name)
}

func (s *IMAPScript) folder(name string) *Folder {
	if s.folders == nil {
		s.folders = make(map[string]*Folder)
	}
	if s.folders[name] == nil {
		s.folders[name] = &Folder{Validity: uint64(1000 + len(s.folders))}
	}
	return s.folders[name]
}

// Label puts a mail into several folders, with the X-GM-MSGID gm, as Gmail does
// with labels.
func (s *IMAPScript) Label(gm uint64, body []byte, folders ...string) {
	m := NewMail(0, body)
	m.GM = gm
	for _, f := range folders {
		s.Folder(f).add(m)
	}
}

// Fill puts mails into a folder, with UIDs from 1.
func (s *IMAPScript) Fill(folder string, mails ...[]byte) {
	f := s.Folder(folder)
	for i, m := range mails {
		f.Mails = append(f.Mails, NewMail(uint32(i+1), m))
	}
}

// UIDs returns the UIDs in a folder, and those of the mails marked as deleted.
func (s *IMAPScript) UIDs(folder string) (all, deleted []uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.folder(folder).Mails {
		all = append(all, m.UID)
		if slices.Contains(m.Flags, `\Deleted`) {
			deleted = append(deleted, m.UID)
		}
	}
	return all, deleted
}

// Commands returns what clients have sent, without tags.
func (s *IMAPScript) Commands() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.commands)
}

// Conns returns how many connections there were, and how many are open.
func (s *IMAPScript) Conns() (all, open int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns, int(s.open.Load())
}

// A scripted is one connection of an IMAPScript.
type scripted struct {
	*IMAPScript
	*Talk
	box *Folder
}

// Serve talks to one client over a connection that the test made itself, such
// as one end of net.Pipe, and closes it at the end.
func (s *IMAPScript) Serve(c net.Conn) {
	s.mu.Lock()
	if s.Sep == "" {
		s.Sep = "/"
	}
	s.mu.Unlock()
	defer c.Close()
	s.talk(NewTalk(c))
}

func (s *IMAPScript) talk(c *Talk) {
	s.open.Add(1)
	defer s.open.Add(-1)
	s.mu.Lock()
	s.conns++
	s.mu.Unlock()
	t := &scripted{IMAPScript: s, Talk: c}
	c.Say("* OK [CAPABILITY %s] ready", t.caps())
	for {
		line := c.Line()
		if line == "" {
			return
		}
		tag, rest, _ := strings.Cut(line, " ")
		name, args, _ := strings.Cut(rest, " ")
		if name = strings.ToUpper(name); name == "UID" {
			sub, a, _ := strings.Cut(args, " ")
			name, args = "UID "+strings.ToUpper(sub), a
		}
		s.mu.Lock()
		s.commands = append(s.commands, name+" "+args)
		s.mu.Unlock()
		if s.OnCommand != nil && s.OnCommand(c, tag, name, args) {
			continue
		}
		if !t.answer(tag, name, args) {
			c.Drop()
			return
		}
	}
}

func (c *scripted) caps() string {
	return strings.TrimSpace("IMAP4rev1 SASL-IR AUTH=PLAIN " + c.Caps)
}

// answer answers a command, and reports whether the connection goes on.
func (c *scripted) answer(tag, name, args string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch name {
	case "CAPABILITY":
		c.Say("* CAPABILITY %s", c.caps())
	case "AUTHENTICATE", "LOGIN", "NOOP", "CHECK":
	case "NAMESPACE":
		c.Say(`* NAMESPACE (("%s" "%s")) NIL NIL`, c.Prefix, c.Sep)
	case "LIST":
		c.list(unquote(args[strings.Index(args, " ")+1:]))
	case "CREATE":
		c.folder(unquote(args))
	case "SELECT", "EXAMINE":
		if !c.choose(unquote(args)) {
			c.Say("%s NO [NONEXISTENT] no such folder", tag)
			return true
		}
		c.Say("%s OK [READ-%s] done", tag, map[string]string{"SELECT": "WRITE", "EXAMINE": "ONLY"}[name])
		return true
	case "UID FETCH", "FETCH":
		set, items, _ := strings.Cut(args, " ")
		c.fetch(set, strings.ToUpper(items), name == "UID FETCH")
	case "UID SEARCH", "SEARCH":
		c.search(args, name == "UID SEARCH")
	case "UID STORE":
		c.store(args)
	case "UID COPY", "UID MOVE":
		return c.copy(tag, name, args)
	case "UID EXPUNGE", "EXPUNGE":
		c.expunge(func(m *Mail) bool {
			return slices.Contains(m.Flags, `\Deleted`) && (name == "EXPUNGE" || inSet(args, int64(m.UID), 1<<32))
		})
	case "IDLE":
		c.Say("+ idling")
		c.mu.Unlock()
		c.Line()
		c.mu.Lock()
	case "LOGOUT":
		c.Say("* BYE bye")
		c.Say("%s OK done", tag)
		return false
	default:
		c.Say("%s BAD unknown command", tag)
		return true
	}
	c.Say("%s OK done", tag)
	return true
}

func unquote(s string) string {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, `"`) {
		s = strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(strings.Trim(s, `"`))
	}
	if strings.EqualFold(s, "inbox") {
		return "INBOX"
	}
	return s
}

func (c *scripted) list(pattern string) {
	if pattern == "" {
		c.Say(`* LIST (\Noselect) "%s" ""`, c.Sep)
		return
	}
	head, wild := strings.CutSuffix(pattern, "*")
	for name, f := range c.folders {
		if name == pattern || wild && strings.HasPrefix(name, head) {
			c.Say(`* LIST (%s) "%s" "%s"`, f.Attrs, c.Sep, strings.ReplaceAll(name, `\`, `\\`))
		}
	}
}

func (c *scripted) choose(name string) bool {
	f := c.folders[name]
	c.box = f
	if f == nil {
		return false
	}
	c.Say(`* FLAGS (\Answered \Flagged \Deleted \Seen \Draft)`)
	c.Say("* %d EXISTS", len(f.Mails))
	if f.Validity != 0 {
		c.Say("* OK [UIDVALIDITY %d] UIDs valid", f.Validity)
	}
	return true
}

func (c *scripted) fetch(set, items string, byUID bool) {
	if c.box == nil {
		return
	}
	for i, m := range c.box.Mails {
		n := int64(i + 1)
		if byUID {
			n = int64(m.UID)
		}
		if !inSet(set, n, c.last(byUID)) {
			continue
		}
		if c.OnMail != nil && c.OnMail(c.Talk, i+1, m, items) {
			continue
		}
		c.Mail(i+1, m, items)
	}
}

func (c *scripted) last(byUID bool) int64 {
	n := len(c.box.Mails)
	if byUID && n > 0 {
		return int64(c.box.Mails[n-1].UID)
	}
	return int64(n)
}

// Mail sends the answer for one mail of a FETCH as it should be.
func (c *Talk) Mail(seq int, m *Mail, items string) {
	fmt.Fprintf(c.w, "* %d FETCH (UID %d", seq, m.UID)
	if strings.Contains(items, "FLAGS") {
		fmt.Fprintf(c.w, " FLAGS (%s)", strings.Join(m.Flags, " "))
	}
	if strings.Contains(items, "RFC822.SIZE") {
		fmt.Fprintf(c.w, " RFC822.SIZE %d", m.Size)
	}
	if strings.Contains(items, "INTERNALDATE") && !m.Time.IsZero() {
		fmt.Fprintf(c.w, " INTERNALDATE %q", m.Time.Format("_2-Jan-2006 15:04:05 -0700"))
	}
	if strings.Contains(items, "X-GM-MSGID") && m.GM != 0 {
		fmt.Fprintf(c.w, " X-GM-MSGID %d", m.GM)
	}
	if strings.Contains(items, "HEADER") {
		head := m.header()
		fmt.Fprintf(c.w, " BODY[HEADER] {%d}\r\n%s", len(head), head)
	} else if label, offset, size, ok := section(items, m.Size); ok {
		fmt.Fprintf(c.w, " BODY[]%s {%d}\r\n", label, size)
		io.Copy(c.w, io.NewSectionReader(m.Body, offset, size))
	}
	io.WriteString(c.w, ")\r\n")
	c.w.Flush()
}

// section returns what of a body the items ask for.
func section(items string, all int64) (label string, offset, size int64, ok bool) {
	_, rest, ok := strings.Cut(items, "BODY.PEEK[]")
	if !ok {
		return "", 0, 0, false
	}
	if !strings.HasPrefix(rest, "<") {
		return "", 0, all, true
	}
	fmt.Sscanf(rest, "<%d.%d>", &offset, &size)
	label = fmt.Sprintf("<%d>", offset)
	return label, offset, max(0, min(size, all-offset)), true
}

func (m *Mail) header() []byte {
	b := make([]byte, min(m.Size, 64<<10))
	m.Body.ReadAt(b, 0)
	if i := bytes.Index(b, []byte("\r\n\r\n")); i >= 0 {
		b = b[:i+4]
	}
	return b
}

func (c *scripted) search(args string, byUID bool) {
	f := strings.Fields(args)
	var found []string
	for i, m := range c.box.Mails {
		ok := !slices.Contains(f, "UNDELETED") || !slices.Contains(m.Flags, `\Deleted`)
		ok = ok && (!slices.Contains(f, "UNSEEN") || !slices.Contains(m.Flags, `\Seen`))
		if at := slices.Index(f, "UID"); at >= 0 && at+1 < len(f) {
			ok = ok && inSet(f[at+1], int64(m.UID), c.last(true))
		}
		if ok && byUID {
			found = append(found, strconv.Itoa(int(m.UID)))
		} else if ok {
			found = append(found, strconv.Itoa(i+1))
		}
	}
	c.Say("%s", strings.TrimSpace("* SEARCH "+strings.Join(found, " ")))
}

func (c *scripted) store(args string) {
	f := strings.Fields(args)
	flag := strings.Trim(strings.Join(f[2:], " "), "()")
	for _, m := range c.box.Mails {
		if inSet(f[0], int64(m.UID), c.last(true)) && !slices.Contains(m.Flags, flag) {
			m.Flags = append(m.Flags, flag)
		}
	}
}

// copy answers COPY and MOVE, and reports whether the connection goes on.
func (c *scripted) copy(tag, name, args string) bool {
	set, target, _ := strings.Cut(args, " ")
	to := c.folders[unquote(target)]
	if to == nil {
		c.Say("%s NO [TRYCREATE] no such folder", tag)
		return true
	}
	var from, dest []string
	in := func(m *Mail) bool { return inSet(set, int64(m.UID), c.last(true)) }
	for _, m := range c.box.Mails {
		if in(m) {
			n := to.add(m)
			from, dest = append(from, strconv.Itoa(int(m.UID))), append(dest, strconv.Itoa(int(n.UID)))
		}
	}
	code := ""
	if strings.Contains(c.Caps, "UIDPLUS") && len(from) > 0 {
		code = fmt.Sprintf("[COPYUID %d %s %s] ", to.Validity, strings.Join(from, ","), strings.Join(dest, ","))
	}
	if name == "UID COPY" {
		c.Say("%s OK %sdone", tag, code)
		return true
	}
	c.Say("* OK %smoved", code)
	c.expunge(in)
	c.Say("%s OK done", tag)
	return true
}

// add puts a copy of a mail into a folder. A mail with an X-GM-MSGID is in a
// folder once: the folder is a label.
func (f *Folder) add(m *Mail) *Mail {
	for _, there := range f.Mails {
		if m.GM != 0 && there.GM == m.GM {
			return there
		}
	}
	for _, there := range f.Mails {
		f.nextUID = max(f.nextUID, there.UID)
	}
	f.nextUID++
	n := *m
	n.UID = f.nextUID
	f.Mails = append(f.Mails, &n)
	return &n
}

func (c *scripted) expunge(gone func(*Mail) bool) {
	for i := len(c.box.Mails) - 1; i >= 0; i-- {
		if gone(c.box.Mails[i]) {
			c.box.Mails = slices.Delete(c.box.Mails, i, i+1)
			c.Say("* %d EXPUNGE", i+1)
		}
	}
}

// inSet reports whether n is in a set of numbers as IMAP writes it.
func inSet(set string, n, last int64) bool {
	number := func(s string) int64 {
		if s == "*" {
			return last
		}
		v, _ := strconv.ParseInt(s, 10, 64)
		return v
	}
	for _, r := range strings.Split(set, ",") {
		a, b, ok := strings.Cut(r, ":")
		if !ok {
			b = a
		}
		if lo, hi := number(a), number(b); min(lo, hi) <= n && n <= max(lo, hi) {
			return true
		}
	}
	return false
}

// Pattern is a body of that many bytes, without memory of its own, in lines of
// 64 characters.
type Pattern int64

// ReadAt implements io.ReaderAt.
func (p Pattern) ReadAt(b []byte, off int64) (int, error) {
	n := int(max(0, min(int64(len(b)), int64(p)-off)))
	for i := range b[:n] {
		at := off + int64(i)
		switch at % 64 {
		case 62:
			b[i] = '\r'
		case 63:
			b[i] = '\n'
		default:
			b[i] = 'a' + byte(at/64*7+at%64)%26
		}
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

var _ net.Conn = (*Talk)(nil)
