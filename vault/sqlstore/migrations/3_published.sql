-- What is published stays as it is, also for who writes to the database without
-- the program: rows of a published version are shown to statements that read,
-- and to no others. The role that owns the tables is not bound by this, so that
-- it is not the one to serve with; see roles.sql. SQLite has no roles.
{{- if .RowSecurity}}
ALTER TABLE policy_versions ENABLE ROW LEVEL SECURITY;
CREATE POLICY versions_are_read ON policy_versions FOR SELECT USING (TRUE);
CREATE POLICY versions_begin_as_drafts ON policy_versions FOR INSERT WITH CHECK (status = 'DRAFT');
CREATE POLICY drafts_change ON policy_versions FOR UPDATE USING (status = 'DRAFT') WITH CHECK (TRUE);

ALTER TABLE policy_documents ENABLE ROW LEVEL SECURITY;
CREATE POLICY documents_are_read ON policy_documents FOR SELECT USING (TRUE);
CREATE POLICY documents_join_drafts ON policy_documents FOR INSERT
    WITH CHECK (EXISTS (SELECT 1 FROM policy_versions v WHERE v.id = version_id AND v.status = 'DRAFT'));
CREATE POLICY documents_leave_drafts ON policy_documents FOR DELETE
    USING (EXISTS (SELECT 1 FROM policy_versions v WHERE v.id = version_id AND v.status = 'DRAFT'));
{{- end}}
