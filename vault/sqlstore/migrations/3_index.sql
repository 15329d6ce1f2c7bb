-- Under which versions of the index key blind indexes are written, and by which
-- people are found. The row of the greatest epoch is in force. An earlier one
-- stays until nobody writes under it any more: who does holds it.
CREATE TABLE index_plan (
    epoch   {{.Integer}} NOT NULL PRIMARY KEY,
    written {{.Text}} NOT NULL,  -- JSON
    found   {{.Integer}} NOT NULL
){{.End}};
