package sqlstore

import "context"

// Transport is how a connection comes to the database.
type Transport struct {
	TLS    string // as "TLSv1.3"; empty: in clear
	Remote bool   // over a network; otherwise it is a file or a socket of this machine
}

// Transport asks the database how this store's connections reach it.
func (s *Store) Transport(ctx context.Context) (Transport, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	t, err := s.db.transport(ctx)
	return t, unavailable(ctx, err)
}

func (d *sqliteFile) transport(context.Context) (Transport, error) { return Transport{}, nil }

func (p *postgres) transport(ctx context.Context) (Transport, error) {
	var t Transport
	err := p.pool.QueryRow(ctx, `SELECT COALESCE(version, ''), inet_client_addr() IS NOT NULL
		FROM pg_stat_ssl WHERE pid = pg_backend_pid()`).Scan(&t.TLS, &t.Remote)
	return t, p.explain(err)
}
