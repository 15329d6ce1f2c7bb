# What `kelisim rewrap` logs in to Vault with: Vault moves ciphertexts to the
# newest version of the key, and the job never sees what they say.
path "transit/rewrap/kelisim-pii" {
  capabilities = ["update"]
}
path "transit/rewrap/kelisim-technical" {
  capabilities = ["update"]
}

# Which version is the newest.
path "transit/keys/kelisim-pii" {
  capabilities = ["read"]
}
path "transit/keys/kelisim-technical" {
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
