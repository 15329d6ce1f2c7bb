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
