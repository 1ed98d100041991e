package imap

import (
	"fmt"
	"strings"

	goimap "github.com/emersion/go-imap/v2"
)

// An ownCommand is sent beside the library, which knows neither it nor its
// answer: for what the library cannot ask for, or reads so strictly that one
// odd answer ends the session. No FETCH may be under way besides.
type ownCommand struct {
	tag    string
	fetch  func(items []byte) // is called with what each FETCH response tells
	exists func(count uint32) // is called when the server tells how many mails there are; nil: nobody asks
	behind bool               // it waits for a command of the library: FETCH responses are not its own yet
	done   chan struct{}      // closed when answer is set
	answer string
}

const ownTag = "L1"

// ask sends a command whose answer takes at most budget bytes. f is called, in
// another goroutine, with the items of each FETCH response, in which literals
// are left out. They are valid until f returns.
func (s *session) ask(command string, budget int64, f func(items []byte)) error {
	own := newOwnCommand(f)
	return s.do(budget, func() error {
		s.in.own.Store(own)
		return s.send(own, command)()
	})
}

func newOwnCommand(f func(items []byte)) *ownCommand {
	return &ownCommand{tag: ownTag, fetch: f, done: make(chan struct{})}
}

// send sends a command that the session knows of, and returns what waits for its
// answer.
func (s *session) send(own *ownCommand, command string) (wait func() error) {
	fmt.Fprintf(s.in.Conn, "%s %s\r\n", own.tag, command)
	return func() error {
		select {
		case <-own.done:
			return refusalOf(own.answer)
		case <-s.c.Closed():
			return s.conn.Err()
		}
	}
}

func (o *ownCommand) is(tag []byte) bool { return o != nil && o.tag == string(tag) }

func (o *ownCommand) fetched(items []byte) {
	if !o.behind {
		o.fetch(items)
	}
}

func (o *ownCommand) end(answer string) {
	o.answer = answer
	close(o.done)
}

// refusalOf returns the end of a command as the library would; nil for OK.
func refusalOf(answer string) error {
	word, text, _ := strings.Cut(answer, " ")
	if word = strings.ToUpper(word); word == "OK" {
		return nil
	}
	err := goimap.Error{Type: goimap.StatusResponseType(word), Text: text}
	if code, rest, ok := strings.Cut(text, "]"); ok && strings.HasPrefix(code, "[") {
		name, _, _ := strings.Cut(code[1:], " ")
		err.Code, err.Text = goimap.ResponseCode(strings.ToUpper(name)), strings.TrimSpace(rest)
	}
	return &err
}
