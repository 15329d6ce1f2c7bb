-- The rules that a version was checked against when it was published, and why
-- what they warned of was passed over. NULL in a draft, and in what was
-- published before there were rules.
ALTER TABLE policy_versions ADD COLUMN rule_pack {{.Text}};
ALTER TABLE policy_versions ADD COLUMN acknowledged {{.Bytes}}; -- canonical JSON
