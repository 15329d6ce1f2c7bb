-- What colleagues record: where a value came from, and who wrote it; what a
-- decision rests on that did not come through the app; and when somebody last
-- said that their data still holds. What is there already came through the app.
ALTER TABLE users ADD COLUMN confirmed_at {{.Integer}};
ALTER TABLE personal_fields ADD COLUMN source {{.Text}} NOT NULL DEFAULT 'APP';
ALTER TABLE personal_fields ADD COLUMN written_by {{.Text}} NOT NULL DEFAULT 'SUBJECT';
ALTER TABLE consent_events ADD COLUMN reference {{.Text}} NOT NULL DEFAULT '';
ALTER TABLE consent_events ADD COLUMN ground {{.Text}} NOT NULL DEFAULT '';
ALTER TABLE consent_events ADD COLUMN reason {{.Text}} NOT NULL DEFAULT '';
ALTER TABLE consent_events ADD COLUMN signed_at {{.Integer}};
