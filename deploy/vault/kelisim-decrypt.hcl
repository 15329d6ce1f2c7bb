# What only the reveal use case logs in to Vault with: it decrypts, and nothing
# else. A separate login, so that it can be revoked while writing goes on.
path "transit/decrypt/kelisim-pii" {
  capabilities = ["update"]
}
path "transit/decrypt/kelisim-technical" {
  capabilities = ["update"]
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
