#!/bin/sh
# Prepares HashiCorp's Vault for Kelisim: the transit mount "transit", the keys
# kelisim-pii, kelisim-index and kelisim-receipt, policies, and an AppRole for each.
#
# `kelisim vault setup --dry-run` prints this. Without --dry-run the command does
# the same itself, says what it found, and refuses what is wrong, where this
# script only adds what is missing, be it a key that somebody deleted. Both may
# be repeated. For somebody who may administer Vault, named by VAULT_ADDR and
# VAULT_TOKEN.
set -eu

vault read sys/mounts/transit >/dev/null 2>&1 ||
  vault secrets enable -path=transit transit

# Encrypting under a name that has no key makes Vault invent one. Not here.
vault write transit/config/keys disable_upsert=true

# Derived: each field of each user has a key of its own, so that a ciphertext
# moved elsewhere does not decrypt.
vault read transit/keys/kelisim-pii >/dev/null 2>&1 ||
  vault write transit/keys/kelisim-pii type=aes256-gcm96 derived=true

# For blind indexes. Never let Vault rotate it by itself.
vault read transit/keys/kelisim-index >/dev/null 2>&1 ||
  vault write transit/keys/kelisim-index type=hmac key_size=32

# For receipts, which come later: signs, and anybody may check.
vault read transit/keys/kelisim-receipt >/dev/null 2>&1 ||
  vault write transit/keys/kelisim-receipt type=ed25519

# Vault's audit log shows a request's id in clear, for clients that send one.
vault read sys/config/auditing/request-headers/X-Request-Id >/dev/null 2>&1 ||
  vault write sys/config/auditing/request-headers/X-Request-Id hmac=false

vault read sys/auth/approle >/dev/null 2>&1 ||
  vault auth enable -path=approle approle

vault policy write kelisim-encrypt - <<'HCL'
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
HCL

vault read auth/approle/role/kelisim-encrypt >/dev/null 2>&1 ||
  vault write auth/approle/role/kelisim-encrypt token_period=24h
vault write auth/approle/role/kelisim-encrypt token_policies=kelisim-encrypt token_no_default_policy=true bind_secret_id=true

vault policy write kelisim-decrypt - <<'HCL'
# What only the reveal use case logs in to Vault with: it decrypts, and nothing
# else. A separate login, so that it can be revoked while writing goes on.
path "transit/decrypt/kelisim-pii" {
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
HCL

vault read auth/approle/role/kelisim-decrypt >/dev/null 2>&1 ||
  vault write auth/approle/role/kelisim-decrypt token_period=24h
vault write auth/approle/role/kelisim-decrypt token_policies=kelisim-decrypt token_no_default_policy=true bind_secret_id=true

vault policy write kelisim-rewrap - <<'HCL'
# What `kelisim rewrap` logs in to Vault with: Vault moves ciphertexts to the
# newest version of the key, and the job never sees what they say.
path "transit/rewrap/kelisim-pii" {
  capabilities = ["update"]
}

# Which version is the newest.
path "transit/keys/kelisim-pii" {
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
HCL

vault read auth/approle/role/kelisim-rewrap >/dev/null 2>&1 ||
  vault write auth/approle/role/kelisim-rewrap token_period=24h
vault write auth/approle/role/kelisim-rewrap token_policies=kelisim-rewrap token_no_default_policy=true bind_secret_id=true

vault policy write kelisim-reindex - <<'HCL'
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
HCL

vault read auth/approle/role/kelisim-reindex >/dev/null 2>&1 ||
  vault write auth/approle/role/kelisim-reindex token_period=24h
vault write auth/approle/role/kelisim-reindex token_policies=kelisim-reindex token_no_default_policy=true bind_secret_id=true

vault policy write kelisim-observe - <<'HCL'
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
HCL

vault read auth/approle/role/kelisim-observe >/dev/null 2>&1 ||
  vault write auth/approle/role/kelisim-observe token_period=24h
vault write auth/approle/role/kelisim-observe token_policies=kelisim-observe token_no_default_policy=true bind_secret_id=true
