package adullact

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// fillFields gives each field of a struct that holds a text, date, amount, term
// or list of texts a value of its own, and returns these values by path. Lists
// of structs have one entry.
func fillFields(v reflect.Value, path string, values map[string]string) {
	for i := range v.NumField() {
		f, field := v.Field(i), v.Type().Field(i)
		if !field.IsExported() {
			continue
		}
		p := path + "." + field.Name
		value := fmt.Sprintf("v%d", len(values))
		switch x := f.Addr().Interface().(type) {
		case *Date:
			value = fmt.Sprintf("%04d-01-01", 1000+len(values))
			*x = parseDate(value)
			values[p] = value
			continue
		case *Term:
			*x = Term{Code: value}
			values[p] = value
			continue
		case *[]string:
			*x = []string{value}
			values[p] = value
			continue
		}
		switch f.Kind() {
		case reflect.String:
			f.SetString(value)
			values[p] = value
		case reflect.Struct:
			fillFields(f, p, values)
		case reflect.Pointer:
			f.Set(reflect.New(f.Type().Elem()))
			fillFields(f.Elem(), p, values)
		}
	}
}

// Every text, date, amount, term and list of an act, a flow or an invoice is
// under a key of its Unit, but for what the list names.
func TestFlattenAll(t *testing.T) {
	apart := []string{ // what is under other keys, or has parts that are
		"Actes.Message.Root", "Actes.Receipt.ID", "Actes.Receipt.File", "Actes.Receipt.ClassificationInForce", "Actes.Cancellation.ID",
		"Actes.Cancellation.File", "Actes.Cancellation.ClassificationInForce", "Actes.Classification.Levels", "Actes.Anomaly.Nature", "Actes.Anomaly.Detail",
		"Helios.Root", "Helios.Ack.FileName", "Helios.Ack.File", "Chorus.Supplier.Account", "Chorus.Buyer.Account", "Chorus.Buyer.Emission",
	}
	for _, e := range []*Envelope{{Kind: KindActes, Actes: &Actes{}}, {Kind: KindHelios, Helios: &Helios{}}, {Kind: KindChorus, Chorus: &Chorus{}}} {
		values := make(map[string]string)
		switch e.Kind {
		case KindActes:
			fillFields(reflect.ValueOf(e.Actes).Elem(), "Actes", values)
		case KindHelios:
			fillFields(reflect.ValueOf(e.Helios).Elem(), "Helios", values)
		case KindChorus:
			fillFields(reflect.ValueOf(e.Chorus).Elem(), "Chorus", values)
		}
		meta := make(map[string]string)
		e.flatten(meta)
		found := make(map[string]string)
		for key, value := range meta {
			if other, ok := found[value]; ok && value != "true" && value != "0" {
				t.Errorf("%s and %s hold the same value", key, other)
			}
			found[value] = key
		}
		for path, value := range values {
			if _, ok := found[value]; !ok && !slices.Contains(apart, path) {
				t.Errorf("%s is under no key", path)
			}
		}
	}
}

// Lists and numbers are under their keys, too, and empty fields under none.
func TestFlattenLists(t *testing.T) {
	meta := make(map[string]string)
	(&Envelope{Kind: KindHelios, Helios: &Helios{
		Bordereaux: []Bordereau{{ID: "1"}, {ID: "2"}}, PieceCount: 3, Contracts: []Contract{{ID: "M1"}}, Signatures: []PESSignature{{}},
		Ack: &Ack{State: AckRefused},
	}, Warnings: []Warning{{Code: WarnEmpty}, {Code: WarnMissing}, {Code: WarnEmpty}}}).flatten(meta)
	for key, want := range map[string]string{
		MetaHeliosBordereaux: "1,2", MetaHeliosPieces: "3", MetaHeliosContract: "M1", MetaHeliosSigned: "true", MetaHeliosAck: "refused", MetaWarnings: "empty-file,missing-file",
	} {
		if meta[key] != want {
			t.Errorf("%s is %q, want %q", key, meta[key], want)
		}
	}
	for key, value := range meta {
		if value == "" {
			t.Errorf("%s is there and empty", key)
		}
	}
	meta = make(map[string]string)
	(&Envelope{Actes: &Actes{Subject: strings.Repeat("é", maxValue)}}).flatten(meta)
	if n := len(meta[MetaActesSubject]); n > maxValue || n < maxValue-4 || !strings.HasSuffix(meta[MetaActesSubject], "é") {
		t.Errorf("a long value has %d bytes, want no more than %d and no half letters", n, maxValue)
	}
}

// Everything that a document is known by is under its keys.
func TestFlattenFile(t *testing.T) {
	f := File{Name: "a.pdf", Path: "d/a.pdf", Original: "à.pdf", Field: "arrete", Index: 2, Of: "x.zip", Typology: "99_DE", Match: MatchCase, SHA256: "ab", Preferred: true, Broken: true}
	want := map[string]string{
		MetaField: "arrete", MetaIndex: "2", MetaOf: "x.zip", MetaOriginal: "à.pdf", MetaPath: "d/a.pdf", MetaTypology: "99_DE",
		MetaMatch: "case", MetaSHA256: "ab", MetaPreferred: "true", MetaBroken: "true",
	}
	if got := f.flatten(); !maps.Equal(got, want) {
		t.Errorf("keys %v, want %v", got, want)
	}
	if got := (&File{Name: "a", Path: "a"}).flatten(); len(got) > 0 {
		t.Errorf("keys %v of a file of which nothing is known", got)
	}
}
