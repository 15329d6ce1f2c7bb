-- What the role that serves may do in PostgreSQL, and nothing else: `kelisim
-- migrate --runtime-role` runs this as the owner of the tables. A table of a new
-- migration gets its line here, or the role cannot reach it.

LOCK TABLE schema_version IN SHARE ROW EXCLUSIVE MODE; -- one at a time
REVOKE ALL ON
    actors,
    apps,
    audit_events,
    blind_index,
    breach_notices,
    breach_people,
    breaches,
    channel_choices,
    consent_acts,
    consent_events,
    copies,
    daily_counts,
    disclosure_marks,
    disclosures,
    erasures,
    expiry_marks,
    exports,
    idempotency,
    index_plan,
    leases,
    login_claims,
    meta,
    object_values,
    obstacles,
    personal_fields,
    policy_documents,
    policy_versions,
    recipient_notices,
    request_documents,
    retention_marks,
    schema_lease,
    schema_version,
    subject_requests,
    technical_data,
    user_subjects,
    users,
    vault_logins
FROM {{.Role}};

-- The record: added to, and never changed.
GRANT SELECT, INSERT ON audit_events, consent_events TO {{.Role}};
GRANT SELECT, INSERT ON disclosures, disclosure_marks, channel_choices, recipient_notices TO {{.Role}};
GRANT UPDATE (state, revision, updated_at) ON recipient_notices TO {{.Role}};
GRANT SELECT, INSERT ON consent_acts TO {{.Role}};
GRANT UPDATE (key_name, key_version, network_context) ON consent_acts TO {{.Role}}; -- by rewrap, and by an erasure
GRANT SELECT, INSERT ON erasures, obstacles TO {{.Role}};
GRANT UPDATE (ledgered_at) ON erasures TO {{.Role}};
GRANT UPDATE (ended_at, ended_by, end_reference) ON obstacles TO {{.Role}};
GRANT SELECT, INSERT ON copies TO {{.Role}}; -- that a copy is gone says the owner

-- Drafts change until they are published; row security holds the rest.
GRANT SELECT, INSERT, UPDATE ON policy_versions TO {{.Role}};
GRANT SELECT, INSERT, DELETE ON policy_documents TO {{.Role}};

-- People, and what is kept for work.
GRANT SELECT, INSERT, UPDATE ON subject_requests TO {{.Role}};
GRANT SELECT, INSERT ON request_documents, exports TO {{.Role}}; -- an answer never changes
GRANT UPDATE (used_at) ON exports TO {{.Role}};
GRANT SELECT, INSERT, DELETE ON user_subjects TO {{.Role}};
GRANT SELECT, INSERT ON users, apps, meta TO {{.Role}};
GRANT UPDATE (status, revision, consent_seq, locale, confirmed_at, represented_until) ON users TO {{.Role}};
GRANT SELECT, INSERT, DELETE ON daily_counts TO {{.Role}};
GRANT UPDATE (n) ON daily_counts TO {{.Role}};
GRANT UPDATE (config, published) ON apps TO {{.Role}};
GRANT UPDATE (value) ON meta TO {{.Role}};
GRANT SELECT, INSERT ON actors TO {{.Role}};
GRANT UPDATE (key_name, key_version, display_name) ON actors TO {{.Role}}; -- by rewrap
GRANT SELECT, INSERT, UPDATE, DELETE ON
    blind_index,
    expiry_marks,
    idempotency,
    index_plan,
    leases,
    login_claims,
    object_values,
    personal_fields,
    retention_marks,
    technical_data,
    vault_logins
TO {{.Role}};
GRANT SELECT, INSERT, UPDATE ON breaches, breach_notices TO {{.Role}};
GRANT SELECT, INSERT ON breach_people TO {{.Role}};
GRANT SELECT ON schema_version TO {{.Role}};
