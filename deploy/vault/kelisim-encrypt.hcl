# What the server logs in to Vault with to write: it encrypts and computes
# blind indexes, and cannot read back one value. `update` alone, never
# `create`: a missing key is an error, not a new key.
path "transit/encrypt/kelisim-pii" {
  capabilities = ["update"]
}
path "transit/hmac/kelisim-index" {
  capabilities = ["update"]
}

# Versions of the keys, never the keys themselves: transit does not give those out.
path "transit/keys/kelisim-pii" {
  capabilities = ["read"]
}
path "transit/keys/kelisim-index" {
  capabilities = ["read"]
}
path "transit/keys/kelisim-receipt" {
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
