package adullact

import (
	"fmt"

	"github.com/ezged/coldlauncher/launcher"
)

// handOver makes documents of the files of envelopes. Marker and noise are not
// handed over. from is the document that they came in, or the first of them.
func (o *opening) handOver(envelopes []*Envelope, from *launcher.Document) []*launcher.Document {
	var out []*launcher.Document
	for _, e := range envelopes {
		unit := o.unit(e, from)
		for i := range e.Files {
			f := &e.Files[i]
			if f.Role == RoleMarker || f.Role == RoleNoise {
				continue
			}
			out = append(out, document(e, f, from, unit))
		}
	}
	return out
}

// unit makes a Unit of an envelope, with a key of its own in the parcel.
func (o *opening) unit(e *Envelope, from *launcher.Document) *launcher.Unit {
	key := e.Key
	if from.Unit != nil {
		key = from.Unit.Key + "/" + key
	}
	o.keys[key]++
	if n := o.keys[key]; n > 1 {
		key = fmt.Sprintf("%s#%d", key, n)
	}
	meta := make(map[string]string)
	if from.Unit != nil {
		for k, v := range from.Unit.Meta {
			meta[k] = v
		}
	}
	e.flatten(meta)
	return &launcher.Unit{Key: key, Meta: meta}
}

// document makes a document of a file.
func document(e *Envelope, f *File, from *launcher.Document, unit *launcher.Unit) *launcher.Document {
	d := &launcher.Document{
		Name: launcher.CleanName(f.Name), Dir: from.Dir, MediaType: f.MediaType, Size: f.Size, Time: from.Time,
		Role: string(f.Role), Group: string(e.Kind), Unit: unit, Meta: f.flatten(), Open: f.Open,
	}
	if d.Name != f.Name {
		d.Meta[launcher.MetaName] = f.Name
	}
	if whole, ok := f.origin.(*launcher.Document); ok {
		d.Dir, d.Time, d.Open, d.Size = whole.Dir, whole.Time, whole.Open, whole.Size
		d.MediaType = whole.MediaType
	}
	return d
}
