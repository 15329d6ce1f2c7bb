-- What the vault keeps. The names of types and the end of a table stand in
-- braces, because they differ between the databases; see dialect in schema.go.
-- Times are Unix milliseconds. Text compares byte by byte. There are no serial
-- numbers, triggers or locks by name: see "Storage that can grow" in the
-- architecture. What one person owns refers to the person; what is found by a
-- digest (logins, blind indexes) does not, because it may live on another shard.

CREATE TABLE meta (
    name  {{.Text}} NOT NULL PRIMARY KEY,
    value {{.Text}} NOT NULL
){{.End}};

CREATE TABLE actors (
    id           {{.UUID}} NOT NULL PRIMARY KEY,
    issuer       {{.Text}} NOT NULL,
    pepper       {{.Integer}} NOT NULL, -- version of the login digest's key
    digest       {{.Text}} NOT NULL,
    key_name     {{.Text}} NOT NULL,
    key_version  {{.Integer}} NOT NULL,
    display_name {{.Text}} NOT NULL,    -- encrypted
    created_at   {{.Integer}} NOT NULL,
    UNIQUE (issuer, pepper, digest)
){{.End}};

CREATE TABLE idempotency (
    principal {{.Text}} NOT NULL,
    operation {{.Text}} NOT NULL,
    token     {{.Text}} NOT NULL,
    input     {{.Text}} NOT NULL,       -- keyed digest
    result    {{.UUID}} NOT NULL,
    at        {{.Integer}} NOT NULL,
    PRIMARY KEY (principal, operation, token)
){{.End}};
CREATE INDEX idempotency_oldest ON idempotency (at);

CREATE TABLE apps (
    code      {{.Text}} NOT NULL PRIMARY KEY,
    id        {{.UUID}} NOT NULL UNIQUE,
    config    {{.Bytes}} NOT NULL,      -- canonical JSON
    published {{.Integer}} NOT NULL     -- how many of its versions are
){{.End}};

CREATE TABLE policy_versions (
    id            {{.UUID}} NOT NULL PRIMARY KEY,
    app           {{.Text}} NOT NULL REFERENCES apps (code),
    label         {{.Text}} NOT NULL,
    status        {{.Text}} NOT NULL,
    revision      {{.Integer}} NOT NULL,
    created_at    {{.Integer}} NOT NULL,
    updated_at    {{.Integer}} NOT NULL,
    published_at  {{.Integer}},
    effective_at  {{.Integer}},
    authoritative {{.Text}} NOT NULL,
    operators     {{.Text}},            -- JSON; once published
    facts         {{.Bytes}} NOT NULL,  -- canonical JSON
    source        {{.Bytes}}            -- the file that they were read from
){{.End}};
CREATE INDEX policy_versions_newest ON policy_versions (app, created_at, id);

CREATE TABLE policy_documents (
    version_id {{.UUID}} NOT NULL REFERENCES policy_versions (id),
    locale     {{.Text}} NOT NULL,
    position   {{.Integer}} NOT NULL,
    canonical  {{.Bytes}} NOT NULL,
    hash       {{.Text}} NOT NULL,
    text_hash  {{.Text}} NOT NULL,
    PRIMARY KEY (version_id, locale)
){{.End}};

CREATE TABLE users (
    id          {{.UUID}} NOT NULL PRIMARY KEY,
    status      {{.Text}} NOT NULL,
    revision    {{.Integer}} NOT NULL,
    consent_seq {{.Integer}} NOT NULL,
    locale      {{.Text}} NOT NULL,
    created_at  {{.Integer}} NOT NULL
){{.End}};
CREATE INDEX users_status ON users (status, id);

CREATE TABLE user_subjects (
    issuer  {{.Text}} NOT NULL,
    pepper  {{.Integer}} NOT NULL,
    digest  {{.Text}} NOT NULL,
    user_id {{.UUID}} NOT NULL,
    PRIMARY KEY (issuer, pepper, digest)
){{.End}};
CREATE INDEX user_subjects_user ON user_subjects (user_id);

CREATE TABLE personal_fields (
    user_id     {{.UUID}} NOT NULL REFERENCES users (id),
    code        {{.Text}} NOT NULL,
    key_name    {{.Text}} NOT NULL,
    key_version {{.Integer}} NOT NULL,
    ciphertext  {{.Text}} NOT NULL,
    visibility  {{.Text}} NOT NULL,
    verified    {{.Boolean}} NOT NULL,
    updated_at  {{.Integer}} NOT NULL,
    PRIMARY KEY (user_id, code)
){{.End}};

CREATE TABLE blind_index (
    field        {{.Text}} NOT NULL,
    key_version  {{.Integer}} NOT NULL,
    digest       {{.Text}} NOT NULL,
    user_id      {{.UUID}} NOT NULL,
    verified     {{.Boolean}} NOT NULL,
    norm_version {{.Integer}} NOT NULL,
    PRIMARY KEY (field, key_version, digest, user_id)
){{.End}};
-- Nobody holds a value hostage that they have not proved: only proved ones are unique.
CREATE UNIQUE INDEX blind_index_proved ON blind_index (field, key_version, digest) WHERE verified;
CREATE INDEX blind_index_user ON blind_index (user_id, field);

CREATE TABLE daily_counts (
    user_id {{.UUID}} NOT NULL REFERENCES users (id),
    what    {{.Text}} NOT NULL,
    day     {{.Text}} NOT NULL, -- UTC
    n       {{.Integer}} NOT NULL,
    PRIMARY KEY (user_id, what, day)
){{.End}};

CREATE TABLE consent_acts (
    user_id         {{.UUID}} NOT NULL REFERENCES users (id),
    id              {{.UUID}} NOT NULL, -- made by the client
    digest          {{.Text}} NOT NULL,
    received_at     {{.Integer}} NOT NULL,
    key_name        {{.Text}} NOT NULL,
    key_version     {{.Integer}} NOT NULL,
    network_context {{.Text}} NOT NULL, -- encrypted
    PRIMARY KEY (user_id, id)
){{.End}};

CREATE TABLE consent_events (
    user_id     {{.UUID}} NOT NULL,
    seq         {{.Integer}} NOT NULL,
    id          {{.UUID}} NOT NULL,
    act_id      {{.UUID}} NOT NULL,
    consent_id  {{.UUID}} NOT NULL,
    type        {{.Text}} NOT NULL,
    app         {{.Text}} NOT NULL,
    item        {{.Text}} NOT NULL,
    version_id  {{.UUID}} NOT NULL,
    locale      {{.Text}} NOT NULL,
    document    {{.Text}} NOT NULL,
    operators   {{.Text}} NOT NULL,     -- JSON
    method      {{.Text}} NOT NULL,
    given_by    {{.Text}} NOT NULL,
    received_at {{.Integer}} NOT NULL,
    device_at   {{.Integer}},
    app_build   {{.Text}} NOT NULL,
    canonical   {{.Bytes}} NOT NULL,    -- the truth; the columns are copies
    PRIMARY KEY (user_id, seq),
    FOREIGN KEY (user_id, act_id) REFERENCES consent_acts (user_id, id),
    -- A consent pins exactly what was shown, so that must stay.
    FOREIGN KEY (version_id, locale) REFERENCES policy_documents (version_id, locale)
){{.End}};

-- No reference to anything: an event outlives what it is about. The key ends in
-- the time so that the table can be partitioned by it.
CREATE TABLE audit_events (
    id         {{.UUID}} NOT NULL,
    at         {{.Integer}} NOT NULL,
    actor      {{.UUID}},
    kind       {{.Text}} NOT NULL,
    role       {{.Text}} NOT NULL,
    action     {{.Text}} NOT NULL,
    subject    {{.UUID}},
    app        {{.Text}} NOT NULL,
    fields     {{.Text}} NOT NULL,      -- JSON
    purpose    {{.Text}} NOT NULL,
    reason     {{.Text}} NOT NULL,
    reference  {{.Text}} NOT NULL,
    consent    {{.UUID}},
    object     {{.Text}} NOT NULL,
    outcome    {{.Text}} NOT NULL,
    request_id {{.Text}} NOT NULL,
    canonical  {{.Bytes}} NOT NULL,     -- the truth; the columns are copies
    PRIMARY KEY (id, at)
){{.End}};
CREATE INDEX audit_events_newest ON audit_events (at, id);
CREATE INDEX audit_events_subject ON audit_events (subject, at, id) WHERE subject IS NOT NULL;
CREATE INDEX audit_events_actor ON audit_events (actor, at, id) WHERE actor IS NOT NULL;
CREATE INDEX audit_events_action ON audit_events (action, at, id);
CREATE INDEX audit_events_purpose ON audit_events (purpose, at, id) WHERE purpose <> '';
CREATE INDEX audit_events_outcome ON audit_events (outcome, at, id) WHERE outcome <> 'OK';
CREATE INDEX audit_events_request ON audit_events (request_id) WHERE request_id <> '';
