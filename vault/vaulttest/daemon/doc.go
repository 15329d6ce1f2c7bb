// Package daemon runs the real servers that tests need: PostgreSQL, Redis and
// HashiCorp Vault, each on a free port of loopback, with a private folder, and
// gone when the test is.
//
// A missing program fails the test and names the remedy; nothing is skipped.
// PostgreSQL and Vault take a second or two to start, so one of each serves a
// whole test process, every caller with a database or a mount of its own. That
// needs a TestMain, which also stops them:
//
//	func TestMain(m *testing.M) { os.Exit(daemon.Main(m)) }
//
// Tests that stop, crash or seal a server take one of their own:
// PostgreSQLServer, Redis (always private) and PrivateVault.
package daemon
