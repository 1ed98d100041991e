// Package archive is a Sink of one's own: it keeps parcels in an SQLite
// database, each exactly once. README.md beside it says why it is as it is.
package archive

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"

	"github.com/ezged/coldlauncher/launcher"

	_ "modernc.org/sqlite" // the driver, in Go alone
)

// pieceSize is how much of a body is in memory at a time.
const pieceSize = 256 << 10

const tables = `
CREATE TABLE IF NOT EXISTS parcels (
	id     TEXT PRIMARY KEY, -- Parcel.ID: what makes it exactly once
	job    TEXT NOT NULL,
	origin TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS documents (
	id         INTEGER PRIMARY KEY,
	parcel     TEXT NOT NULL REFERENCES parcels,
	name       TEXT NOT NULL,
	media_type TEXT NOT NULL,
	size       INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS pieces (
	document INTEGER NOT NULL REFERENCES documents,
	place    INTEGER NOT NULL,
	bytes    BLOB NOT NULL,
	PRIMARY KEY (document, place)
) STRICT, WITHOUT ROWID;`

// A DB keeps parcels in one file. It is safe for concurrent use.
type DB struct{ db *sql.DB }

var _ launcher.Sink = (*DB)(nil)

// Open opens the database in a file, and creates it if it is missing. The
// caller closes it.
func Open(ctx context.Context, path string) (*DB, error) {
	// With synchronous=FULL a commit is on the disk when it returns.
	u := url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: "_pragma=journal_mode(WAL)" +
		"&_pragma=synchronous(FULL)&_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)&_txlock=immediate"}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // SQLite has one writer at a time: wait for it here
	if _, err := db.ExecContext(ctx, tables); err != nil {
		return nil, errors.Join(fmt.Errorf("open %q: %w", path, err), db.Close())
	}
	return &DB{db}, nil
}

// Close closes the file.
func (d *DB) Close() error { return d.db.Close() }

// Store keeps p and its ID in one transaction: after a crash there are both, or
// neither.
func (d *DB) Store(ctx context.Context, p *launcher.Parcel) error {
	docs, err := p.Documents(ctx) // may download, so before the transaction
	if err != nil {
		return err
	}
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return launcher.Halt(err) // the database is at fault: blame no parcel
	}
	defer tx.Rollback() // does nothing after Commit
	added, err := insertParcel(ctx, tx, p)
	switch {
	case err != nil:
		return launcher.Halt(err)
	case !added:
		return nil // this ID is kept: the same parcel, after a crash
	}
	for _, doc := range docs {
		if err := insertDocument(ctx, tx, p.ID, doc); err != nil {
			return fmt.Errorf("store %q: %w", doc.Name, err)
		}
	}
	if err := tx.Commit(); err != nil {
		return launcher.Halt(err)
	}
	return nil
}

func insertParcel(ctx context.Context, tx *sql.Tx, p *launcher.Parcel) (added bool, err error) {
	r, err := tx.ExecContext(ctx, `INSERT INTO parcels (id, job, origin) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, p.ID, p.Job, p.Origin)
	if err != nil {
		return false, err
	}
	n, err := r.RowsAffected()
	return n == 1, err
}

// insertDocument marks what fails in the database. What fails in the body has
// its mark already, or none: then the parcel is tried again.
func insertDocument(ctx context.Context, tx *sql.Tx, parcel string, doc *launcher.Document) error {
	body, err := doc.Open(ctx)
	if err != nil {
		return err
	}
	defer body.Close()
	var id int64
	err = tx.QueryRowContext(ctx, `INSERT INTO documents (parcel, name, media_type, size) VALUES (?, ?, ?, 0) RETURNING id`,
		parcel, doc.Name, doc.MediaType).Scan(&id)
	if err != nil {
		return launcher.Halt(err)
	}
	size, err := insertPieces(ctx, tx, id, body)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE documents SET size = ? WHERE id = ?`, size, id); err != nil {
		return launcher.Halt(err)
	}
	return nil
}

func insertPieces(ctx context.Context, tx *sql.Tx, document int64, body io.Reader) (size int64, err error) {
	var piece bytes.Buffer
	for place := 0; ; place++ {
		piece.Reset()
		n, err := io.CopyN(&piece, body, pieceSize)
		if err != nil && err != io.EOF {
			return size, err
		}
		if n == 0 {
			return size, nil
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO pieces VALUES (?, ?, ?)`, document, place, piece.Bytes()); err != nil {
			return size, launcher.Halt(err)
		}
		launcher.Progress(ctx, n) // a slow disk is not a stall
		size += n
	}
}

// Bodies calls fn for each document, in the order in which they came.
func (d *DB) Bodies(ctx context.Context, fn func(name string, body []byte) error) error {
	rows, err := d.db.QueryContext(ctx, `SELECT id, name, size FROM documents ORDER BY id`)
	if err != nil {
		return err
	}
	type document struct {
		id, size int64
		name     string
	}
	var all []document
	for rows.Next() {
		var doc document
		if err := rows.Scan(&doc.id, &doc.name, &doc.size); err != nil {
			return errors.Join(err, rows.Close())
		}
		all = append(all, doc)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, doc := range all {
		body, err := d.body(ctx, doc.id)
		if err != nil {
			return fmt.Errorf("document %d: %w", doc.id, err)
		}
		if err := fn(doc.name, body); err != nil {
			return err
		}
	}
	return nil
}

func (d *DB) body(ctx context.Context, document int64) (body []byte, err error) {
	rows, err := d.db.QueryContext(ctx, `SELECT bytes FROM pieces WHERE document = ? ORDER BY place`, document)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var piece []byte
		if err := rows.Scan(&piece); err != nil {
			return nil, err
		}
		body = append(body, piece...)
	}
	return body, rows.Err()
}
