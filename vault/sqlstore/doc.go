// Package sqlstore keeps the vault's data in PostgreSQL or in SQLite, with one
// set of SQL statements for both.
//
// The SQL stays inside what PostgreSQL, CockroachDB, YugabyteDB and Citus
// share. A transaction queues its statements; on PostgreSQL they go to the
// server in one round trip and COMMIT in the second. Each statement carries
// what it expects and which error answers when it is disappointed, so that no
// error is ever read out of a driver's message: those may hold personal values
// and are cut down to a code.
//
// One file per noun holds its statements; postgres.go and sqlite.go hold what
// differs.
package sqlstore
