-- What was passed on to whom: added to, and never changed. What happens to a
-- disclosure afterwards (the person was shown it, a bar was lifted) is a row of
-- its own.
CREATE TABLE disclosures (
    user_id   {{.UUID}} NOT NULL REFERENCES users (id),
    id        {{.UUID}} NOT NULL,
    act_id    {{.UUID}} NOT NULL,       -- one call, of several people
    app       {{.Text}} NOT NULL,
    recipient {{.Text}} NOT NULL,       -- canonical JSON
    ground    {{.Text}} NOT NULL,
    items     {{.Text}} NOT NULL,       -- JSON: whose consents it rested on
    fields    {{.Text}} NOT NULL,       -- JSON
    withheld  {{.Text}} NOT NULL,       -- what bars the person from being told
    at        {{.Integer}} NOT NULL,
    canonical {{.Bytes}} NOT NULL,      -- the truth; the columns are copies
    PRIMARY KEY (user_id, id)
){{.End}};
CREATE INDEX disclosures_newest ON disclosures (user_id, at, id);
CREATE INDEX disclosures_act ON disclosures (act_id);

CREATE TABLE disclosure_marks (
    user_id       {{.UUID}} NOT NULL,
    disclosure_id {{.UUID}} NOT NULL,
    what          {{.Text}} NOT NULL,
    at            {{.Integer}} NOT NULL,
    due_at        {{.Integer}},         -- by when the person has to be told, from now on
    PRIMARY KEY (user_id, disclosure_id, what),
    FOREIGN KEY (user_id, disclosure_id) REFERENCES disclosures (user_id, id)
){{.End}};

-- Recipients that have to be told of what became of what they were given.
CREATE TABLE recipient_notices (
    id         {{.UUID}} NOT NULL PRIMARY KEY,
    user_id    {{.UUID}} NOT NULL REFERENCES users (id),
    app        {{.Text}} NOT NULL,
    recipient  {{.Text}} NOT NULL,      -- canonical JSON, as in disclosures
    about      {{.Text}} NOT NULL,
    codes      {{.Text}} NOT NULL,      -- JSON: of the items or fields
    made_at    {{.Integer}} NOT NULL,
    due_at     {{.Integer}} NOT NULL,
    state      {{.Text}} NOT NULL,
    revision   {{.Integer}} NOT NULL,
    updated_at {{.Integer}} NOT NULL
){{.End}};
CREATE INDEX recipient_notices_due ON recipient_notices (due_at, id);
CREATE INDEX recipient_notices_state ON recipient_notices (state, due_at, id);
CREATE INDEX recipient_notices_user ON recipient_notices (user_id);

-- By which channels a person may be reached under an item: the last row holds,
-- those before it are the history.
CREATE TABLE channel_choices (
    user_id {{.UUID}} NOT NULL REFERENCES users (id),
    app     {{.Text}} NOT NULL,
    item    {{.Text}} NOT NULL,
    seq     {{.Integer}} NOT NULL,
    refused {{.Text}} NOT NULL,         -- JSON
    at      {{.Integer}} NOT NULL,
    PRIMARY KEY (user_id, app, item, seq)
){{.End}};
