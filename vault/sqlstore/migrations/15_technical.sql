-- What devices send by themselves: one row, and one ciphertext, for each batch.
CREATE TABLE technical_data (
    user_id     {{.UUID}} NOT NULL REFERENCES users (id),
    id          {{.UUID}} NOT NULL,
    app         {{.Text}} NOT NULL,
    from_at     {{.Integer}} NOT NULL,
    to_at       {{.Integer}} NOT NULL,
    events      {{.Integer}} NOT NULL,   -- how many are in it
    expires_at  {{.Integer}} NOT NULL,
    key_name    {{.Text}} NOT NULL,
    key_version {{.Integer}} NOT NULL,
    ciphertext  {{.Text}} NOT NULL,
    PRIMARY KEY (user_id, id)
){{.End}};
CREATE INDEX technical_data_expires ON technical_data (expires_at, id);
CREATE INDEX technical_data_held ON technical_data (key_name, key_version, user_id, id);
