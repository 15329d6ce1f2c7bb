package main

import (
	"bytes"

	"github.com/jackc/pgx/v5"

	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

// everyTableIsSearched holds what is searched against the catalogue of the
// database: of PostgreSQL a dump, in which every table has to be; of SQLite the
// whole file, with its log and what is free in it, so that there is no list.
func (w *world) everyTableIsSearched() {
	w.t.Helper()
	if w.vault == nil {
		return
	}
	db, err := pgx.Connect(w.t.Context(), daemon.AsOwner(w.t, w.s.DatabaseURL))
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = db.Close(w.t.Context()) }()
	found, err := db.Query(w.t.Context(), `SELECT schemaname || '.' || tablename FROM pg_catalog.pg_tables
		WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`)
	if err != nil {
		w.t.Fatal(err)
	}
	tables, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil || len(tables) < 30 {
		w.t.Fatalf("%d tables, %v", len(tables), err)
	}
	dump := daemon.Dump(w.t, w.s.DatabaseURL)
	for _, table := range tables {
		if !bytes.Contains(dump, []byte("COPY "+table+" (")) {
			w.t.Errorf("%s is not in what is searched", table)
		}
	}
}
