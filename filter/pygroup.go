package filter

import (
	"strconv"
	"strings"
)

// leadingFlags takes the flags that the expression begins with, as (?i).
func (t *translator) leadingFlags() {
	for {
		from := t.pos
		if !t.accept("(?") {
			return
		}
		on := t.takeWhile(len(t.src), isFlag)
		if on == "" || !t.accept(")") {
			t.pos = from
			return
		}
		t.flags.set(on)
	}
}

func isFlag(c rune) bool { return strings.ContainsRune("imsxu", c) }

// set turns flags on. u says what is the case anyway: names are Unicode.
func (f *flags) set(on string) {
	f.i = f.i || strings.Contains(on, "i")
	f.m = f.m || strings.Contains(on, "m")
	f.s = f.s || strings.Contains(on, "s")
	f.x = f.x || strings.Contains(on, "x")
}

// group translates what follows an opening parenthesis at at.
func (t *translator) group(at int) error {
	if !t.accept("?") {
		return t.capture(at)
	}
	switch {
	case t.accept("P<"):
		return t.named(at)
	case t.accept("P="):
		return t.namedRef(at)
	case t.accept("#"):
		return t.comment(at)
	case t.accept("("):
		return t.condition(at)
	}
	for _, kind := range []string{":", "=", "!", "<=", "<!", ">"} {
		if t.accept(kind) {
			t.begin(group{at: at, bars: -1}, "(?"+kind)
			return nil
		}
	}
	return t.scoped(at)
}

func (t *translator) begin(g group, text string) {
	g.x = t.x
	t.open = append(t.open, g)
	t.emit(nothing, text)
}

func (t *translator) capture(at int) error {
	t.groups++
	t.begin(group{at: at, number: t.groups, bars: -1}, "(")
	return nil
}

// named translates (?P<name>…): a group with a number like any other.
func (t *translator) named(at int) error {
	name, err := t.name('>')
	if err != nil {
		return err
	}
	if _, ok := t.names[name]; ok {
		return faultf(at, "a second group is named %q", name)
	}
	t.names[name] = t.groups + 1
	return t.capture(at)
}

// name reads the name of a group and the character that ends it.
func (t *translator) name(end rune) (string, error) {
	at := t.pos
	name := t.takeWhile(len(t.src), isName)
	switch {
	case name == "" || !isNameStart(t.src[at]):
		return "", faultf(at, "the name of a group is missing or begins with a digit")
	case !t.accept(string(end)):
		return "", faultf(t.pos, "the name of a group ends with %q", end)
	}
	return name, nil
}

func (t *translator) namedRef(at int) error {
	name, err := t.name(')')
	if err != nil {
		return err
	}
	n, ok := t.names[name]
	if !ok {
		return faultf(at, "there is no group %q before this", name)
	}
	return t.backref(at, n)
}

// backref translates a reference to group n, which must be complete.
func (t *translator) backref(at, n int) error {
	if n > t.groups {
		return faultf(at, "there is no group %d before this", n)
	}
	for _, g := range t.open {
		if g.number == n {
			return faultf(at, "group %d is still open here", n)
		}
	}
	t.emit(atom, `\k<`+strconv.Itoa(n)+">")
	return nil
}

func (t *translator) comment(at int) error {
	for t.pos < len(t.src) {
		if t.next() == ')' {
			return nil
		}
	}
	return faultf(at, "this comment is not closed")
}

// condition translates (?(1)yes|no) and (?(name)yes|no).
func (t *translator) condition(at int) error {
	var n int
	if digits := t.takeWhile(len(t.src), isDigit); digits != "" {
		n = count(digits, 0)
		if !t.accept(")") {
			return faultf(t.pos, "the number of a group ends with ')'")
		}
	} else {
		name, err := t.name(')')
		if err != nil {
			return err
		}
		n = t.names[name]
	}
	if n == 0 {
		return faultf(at, "this condition names no group")
	}
	t.refs = append(t.refs, ref{at, n})
	t.begin(group{at: at, bars: 1}, "(?("+strconv.Itoa(n)+")")
	return nil
}

// scoped translates (?i:…), (?-i:…) and (?s-i:…).
func (t *translator) scoped(at int) error {
	on := t.takeWhile(len(t.src), isFlag)
	off, minus := "", t.accept("-")
	if minus {
		off = t.takeWhile(len(t.src), isFlag)
	}
	switch {
	case on != "" && !minus && t.accept(")"):
		return faultf(at, "flags for the whole expression stand at its start")
	case on == "" && off == "", minus && off == "", !t.accept(":"):
		return faultf(at, "this kind of group is not known")
	case strings.Contains(off, "u"), strings.ContainsAny(on, off):
		return faultf(at, "these flags contradict one another")
	}
	t.begin(group{at: at, bars: -1}, "(?"+scope(on, off)+":")
	t.x = t.x && !strings.Contains(off, "x") || strings.Contains(on, "x")
	return nil
}

// scope writes those of the flags that reach the engine.
func scope(on, off string) string {
	spent := strings.NewReplacer("x", "", "u", "")
	if on, off = spent.Replace(on), spent.Replace(off); off != "" {
		return on + "-" + off
	}
	return on
}
