-- What stands against a withdrawal or an erasure: holds under the law, and
-- obligations that are not fulfilled. Nothing personal is in them; they stay.
CREATE TABLE obstacles (
    id          {{.UUID}} NOT NULL PRIMARY KEY,
    user_id     {{.UUID}} NOT NULL REFERENCES users (id),
    kind        {{.Text}} NOT NULL,
    ground      {{.Text}} NOT NULL,
    reference   {{.Text}} NOT NULL,
    items       {{.Text}} NOT NULL,  -- JSON; empty: all
    since       {{.Integer}} NOT NULL,
    set_by      {{.UUID}},
    ended_at    {{.Integer}},
    ended_by    {{.UUID}},
    end_reference {{.Text}} NOT NULL
){{.End}};
CREATE INDEX obstacles_user ON obstacles (user_id, since, id);
