package sqlstore

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// ChannelChoices implements vault.ChannelReader.
func (s *Store) ChannelChoices(ctx context.Context, app string, users []uuid.UUID) ([]vault.ChannelChoice, error) {
	b := &builder{}
	b.add("SELECT user_id, app, item, seq, refused, at FROM channel_choices WHERE app = ? AND user_id IN ", key(app))
	b.in(users)
	b.add(" ORDER BY user_id, item, seq")
	return list(ctx, s, b.String(), b.args, func(r row) (c vault.ChannelChoice, err error) {
		var refused string
		if err = r.Scan(&c.User, &c.App, &c.Item, &c.Seq, &refused, moment{&c.At}); err == nil {
			err = json.Unmarshal([]byte(refused), &c.Refused)
		}
		return c, err
	})
}

// ChooseChannels implements vault.ChannelTx.
func (t *tx) ChooseChannels(c vault.ChannelChoice) {
	t.living(c.User)
	refused, err := json.Marshal(c.Refused)
	t.fail(err)
	t.queue(`INSERT INTO channel_choices (user_id, app, item, seq, refused, at) VALUES ($1, $2, $3, $4, $5, $6)`,
		c.User, key(c.App), key(c.Item), c.Seq, string(refused), c.At.UnixMilli()).orTaken(vault.ErrStale)
}
