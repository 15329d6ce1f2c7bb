-- Personal values that are kept with an object (a request, a representative) and
-- in nobody's profile.
CREATE TABLE object_values (
    object_id   {{.UUID}} NOT NULL,
    code        {{.Text}} NOT NULL,
    user_id     {{.UUID}},              -- whose erasure takes it along
    key_name    {{.Text}} NOT NULL,
    key_version {{.Integer}} NOT NULL,
    ciphertext  {{.Text}} NOT NULL,
    PRIMARY KEY (object_id, code)
){{.End}};
CREATE INDEX object_values_user ON object_values (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX object_values_held ON object_values (key_name, key_version, object_id, code);
