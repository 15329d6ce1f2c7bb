-- Which ciphertexts are under which version of a key, in the order of their
-- rows, so that few under an old one are found without looking at all.
CREATE INDEX personal_fields_held ON personal_fields (key_name, key_version, user_id, code);
CREATE INDEX consent_acts_held ON consent_acts (key_name, key_version, user_id, id);
CREATE INDEX actors_held ON actors (key_name, key_version, id);
