-- How an app's people stand to a version is counted in this order.
CREATE INDEX consent_events_app ON consent_events (app, user_id, seq);
