-- Since when a legal hold keeps a batch over its time.
ALTER TABLE technical_data ADD COLUMN held_at {{.Integer}};
