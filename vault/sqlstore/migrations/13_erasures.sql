-- Who was erased. It refers to nobody: brought back by an older copy of the
-- database, the person may not be there.
CREATE TABLE erasures (
    id          {{.UUID}} NOT NULL PRIMARY KEY,
    user_id     {{.UUID}} NOT NULL UNIQUE,
    at          {{.Integer}} NOT NULL,
    actor       {{.UUID}},
    canonical   {{.Bytes}} NOT NULL,    -- the certificate
    ledgered_at {{.Integer}}            -- since when its tombstone is known to be in the ledger
){{.End}};
CREATE INDEX erasures_unledgered ON erasures (at, id) WHERE ledgered_at IS NULL;

-- Work that one process does at a time. Whoever does not renew it in time
-- loses it to the next, who goes on from the place.
CREATE TABLE leases (
    name     {{.Text}} NOT NULL PRIMARY KEY,
    holder   {{.UUID}} NOT NULL,
    until    {{.Integer}} NOT NULL,
    place    {{.Text}} NOT NULL,
    ended_at {{.Integer}}               -- when the work was last done to its end
){{.End}};

-- Whose data is about to be erased because its time is over, as somebody was
-- warned.
CREATE TABLE retention_marks (
    user_id   {{.UUID}} NOT NULL PRIMARY KEY,
    due_at    {{.Integer}} NOT NULL,
    warned_at {{.Integer}} NOT NULL
){{.End}};
