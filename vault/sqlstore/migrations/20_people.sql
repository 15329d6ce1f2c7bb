-- By what somebody who came on paper brings a login. The code is in no table:
-- this is a keyed digest of it.
CREATE TABLE login_claims (
    user_id    {{.UUID}} NOT NULL PRIMARY KEY REFERENCES users (id),
    id         {{.UUID}} NOT NULL,
    digest     {{.Text}} NOT NULL UNIQUE,
    expires_at {{.Integer}} NOT NULL,
    used_at    {{.Integer}}
){{.End}};

-- Codes of what of a batch was kept and what left out, for who sends it again.
ALTER TABLE technical_data ADD COLUMN kept {{.Text}} NOT NULL DEFAULT '';
ALTER TABLE technical_data ADD COLUMN dropped {{.Text}} NOT NULL DEFAULT '';
