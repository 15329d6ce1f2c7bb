-- Copies of data and of keys that operators have declared: which versions of
-- keys each needs or holds.
CREATE TABLE copies (
    id          {{.UUID}} NOT NULL PRIMARY KEY,
    kind        {{.Text}} NOT NULL,
    label       {{.Text}} NOT NULL,
    taken_at    {{.Integer}} NOT NULL,
    until       {{.Integer}},           -- when it is destroyed by itself
    declared_at {{.Integer}} NOT NULL,
    expired_at  {{.Integer}},
    versions    {{.Text}} NOT NULL      -- JSON
){{.End}};
