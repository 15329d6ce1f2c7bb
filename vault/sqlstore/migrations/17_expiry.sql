-- Up to when the ends of somebody's consents were told to recipients.
CREATE TABLE expiry_marks (
    user_id {{.UUID}} NOT NULL PRIMARY KEY,
    told    {{.Integer}} NOT NULL
){{.End}};
