# What a monitor logs in to Vault with: versions, minima and flags of the keys,
# and whether the mount refuses to invent keys. It uses no key.
path "transit/keys/kelisim-pii" {
  capabilities = ["read"]
}
path "transit/keys/kelisim-index" {
  capabilities = ["read"]
}
path "transit/keys/kelisim-receipt" {
  capabilities = ["read"]
}
path "transit/keys/kelisim-technical" {
  capabilities = ["read"]
}
path "transit/config/keys" {
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
