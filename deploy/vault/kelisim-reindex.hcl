# What `kelisim reindex` logs in to Vault with: it decrypts the values that have
# a blind index and computes the index again under another version of its key.
# The widest of the logins: give it for the time of the job, then revoke it.
path "transit/decrypt/kelisim-pii" {
  capabilities = ["update"]
}
path "transit/hmac/kelisim-index" {
  capabilities = ["update"]
}

# Which version of the index key is the newest.
path "transit/keys/kelisim-index" {
  capabilities = ["read"]
}

# Its own token: to see how long it lasts, to renew it and to give it back, and
# to be asked what it may do. Without the policy "default", which allows more.
path "auth/token/lookup-self" {
  capabilities = ["read"]
}
path "auth/token/renew-self" {
  capabilities = ["update"]
}
path "auth/token/revoke-self" {
  capabilities = ["update"]
}
path "sys/capabilities-self" {
  capabilities = ["update"]
}
