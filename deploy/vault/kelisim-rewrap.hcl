# What `kelisim rewrap` logs in to Vault with: it moves ciphertexts to the
# newest version of their key inside Vault, and never sees a value. Whoever has
# this login can neither encrypt nor decrypt.
path "transit/rewrap/kelisim-pii" {
  capabilities = ["update"]
}

# Which version is the newest.
path "transit/keys/kelisim-pii" {
  capabilities = ["read"]
}
