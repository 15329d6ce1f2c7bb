-- Breaches of security: what happened, whom it touches, whom one has to tell.
CREATE TABLE breaches (
    id              {{.UUID}} NOT NULL PRIMARY KEY,
    revision        {{.Integer}} NOT NULL,
    app             {{.Text}} NOT NULL,
    kind            {{.Text}} NOT NULL,
    state           {{.Text}} NOT NULL,
    detected_at     {{.Integer}} NOT NULL,
    recorded_at     {{.Integer}} NOT NULL,
    rules           {{.Text}} NOT NULL,      -- the pack that the due dates are from
    authority_due   {{.Integer}},
    people_due      {{.Integer}},
    authority_told  {{.Integer}},
    people_told     {{.Integer}},
    closed_at       {{.Integer}},
    fields          {{.Text}} NOT NULL,      -- JSON: codes of what was reached
    measures        {{.Text}} NOT NULL,      -- JSON: codes, references, moments
    criterion       {{.Text}} NOT NULL       -- JSON: whom it touches, unless they are named
){{.End}};
CREATE INDEX breaches_newest ON breaches (detected_at, id);
CREATE INDEX breaches_open ON breaches (state, id) WHERE state <> 'CLOSED';

CREATE TABLE breach_people (
    breach_id {{.UUID}} NOT NULL REFERENCES breaches (id),
    user_id   {{.UUID}} NOT NULL,
    PRIMARY KEY (breach_id, user_id)
){{.End}};

-- Each is downloaded once.
CREATE TABLE breach_notices (
    breach_id {{.UUID}} NOT NULL REFERENCES breaches (id),
    audience  {{.Text}} NOT NULL,
    issued_at {{.Integer}} NOT NULL,
    issued_by {{.UUID}},
    used_at   {{.Integer}},
    PRIMARY KEY (breach_id, audience, issued_at)
){{.End}};
