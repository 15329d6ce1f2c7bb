-- The logins to HashiCorp's Vault that servers have told of, for whoever asks
-- one of them, or none.
CREATE TABLE vault_logins (
    server     {{.Text}} NOT NULL,
    name       {{.Text}} NOT NULL,
    method     {{.Text}} NOT NULL,
    accessor   {{.Text}} NOT NULL,
    policies   {{.Text}} NOT NULL,     -- JSON
    expires_at {{.Integer}},
    renewable  {{.Boolean}} NOT NULL,
    seen_at    {{.Integer}} NOT NULL,
    trouble    {{.Text}} NOT NULL,
    PRIMARY KEY (server, name)
){{.End}};

-- A login is somebody's.
{{- if .RowSecurity}}
ALTER TABLE user_subjects ADD CONSTRAINT user_subjects_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id);
{{- else}}
CREATE TABLE subjects_of_users (
    issuer  {{.Text}} NOT NULL,
    pepper  {{.Integer}} NOT NULL,
    digest  {{.Text}} NOT NULL,
    user_id {{.UUID}} NOT NULL REFERENCES users (id),
    PRIMARY KEY (issuer, pepper, digest)
){{.End}};
INSERT INTO subjects_of_users SELECT issuer, pepper, digest, user_id FROM user_subjects;
DROP TABLE user_subjects;
ALTER TABLE subjects_of_users RENAME TO user_subjects;
CREATE INDEX user_subjects_user ON user_subjects (user_id);
{{- end}}
