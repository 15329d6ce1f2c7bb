-- A refusal has a term of its own, and a longer term a reason.
ALTER TABLE subject_requests ADD COLUMN refuse_by {{.Integer}};
ALTER TABLE subject_requests ADD COLUMN extension {{.Text}} NOT NULL DEFAULT '';
UPDATE subject_requests SET refuse_by = due_at;
CREATE INDEX subject_requests_refuse ON subject_requests (refuse_by, id);

-- What a person asks twice is one request: of one kind, about the same fields.
-- Objections are to different decisions, and a report is somebody else's.
DROP INDEX subject_requests_once;
CREATE UNIQUE INDEX subject_requests_once ON subject_requests (user_id, kind, fields)
    WHERE user_id IS NOT NULL AND closed_at IS NULL AND kind <> 'OBJECTION' AND proof <> 'VIOLATION_REPORT';
