-- Which fields of somebody were announced to fall due. Of the marks until now
-- nobody knows what they announced: it is announced again.
DROP TABLE retention_marks;
CREATE TABLE retention_marks (
    user_id   {{.UUID}} NOT NULL,
    field     {{.Text}} NOT NULL,       -- its code; empty: the person, as a whole
    due_at    {{.Integer}} NOT NULL,
    warned_at {{.Integer}} NOT NULL,
    PRIMARY KEY (user_id, field)
){{.End}};
