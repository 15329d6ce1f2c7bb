# What only the reveal use case logs in to Vault with: it decrypts, and nothing
# else. A separate login, so that it can be revoked while writing goes on.
path "transit/decrypt/kelisim-pii" {
  capabilities = ["update"]
}
