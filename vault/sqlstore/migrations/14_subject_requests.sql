-- What people ask about their data under the law, the answers, and exports. None
-- of it is personal: names, contacts and words are in object_values. There is no
-- reference to users, because a request outlives an erasure and may be nobody's.
CREATE TABLE subject_requests (
    id          {{.UUID}} NOT NULL PRIMARY KEY,
    user_id     {{.UUID}},              -- once the identity is proved
    kind        {{.Text}} NOT NULL,
    state       {{.Text}} NOT NULL,
    channel     {{.Text}} NOT NULL,
    app         {{.Text}} NOT NULL,
    fields      {{.Text}} NOT NULL,     -- JSON: codes
    locale      {{.Text}} NOT NULL,
    revision    {{.Integer}} NOT NULL,
    received_at {{.Integer}} NOT NULL,
    recorded_at {{.Integer}} NOT NULL,
    due_at      {{.Integer}} NOT NULL,
    extended_at {{.Integer}},
    closed_at   {{.Integer}},
    pack        {{.Text}} NOT NULL,
    assignee    {{.UUID}},
    proof       {{.Text}} NOT NULL,
    outcome     {{.Text}} NOT NULL,
    ground      {{.Text}} NOT NULL,
    reference   {{.Text}} NOT NULL,
    joined_to   {{.UUID}},
    erasure_id  {{.UUID}}
){{.End}};
-- What a person asks twice is one request.
CREATE UNIQUE INDEX subject_requests_once ON subject_requests (user_id, kind) WHERE user_id IS NOT NULL AND closed_at IS NULL;
CREATE INDEX subject_requests_due ON subject_requests (due_at, id);
CREATE INDEX subject_requests_received ON subject_requests (received_at, id);
CREATE INDEX subject_requests_open ON subject_requests (due_at, id) WHERE closed_at IS NULL;
CREATE INDEX subject_requests_user ON subject_requests (user_id, received_at, id) WHERE user_id IS NOT NULL;
CREATE INDEX subject_requests_joined ON subject_requests (joined_to, received_at, id) WHERE joined_to IS NOT NULL;

-- The answers, as they were given.
CREATE TABLE request_documents (
    request_id {{.UUID}} NOT NULL REFERENCES subject_requests (id),
    locale     {{.Text}} NOT NULL,
    canonical  {{.Bytes}} NOT NULL,
    hash       {{.Text}} NOT NULL,
    PRIMARY KEY (request_id, locale)
){{.End}};

-- Permission to fetch a copy of one's data, once. The copy itself is nowhere: it
-- is put together while it is fetched.
CREATE TABLE exports (
    id         {{.UUID}} NOT NULL PRIMARY KEY,
    user_id    {{.UUID}} NOT NULL,
    request_id {{.UUID}} NOT NULL UNIQUE REFERENCES subject_requests (id),
    made_at    {{.Integer}} NOT NULL,
    expires_at {{.Integer}} NOT NULL,
    used_at    {{.Integer}}
){{.End}};
