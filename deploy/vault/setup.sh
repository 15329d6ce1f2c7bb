#!/bin/sh
# Prepares a Vault for Kelisim. Run by somebody who may administer it, as often
# as you like: what is there already stays as it is.
#
#   VAULT_ADDR, VAULT_TOKEN   which Vault, and an administrator's token
#   KELISIM_TRANSIT_MOUNT     where transit is mounted (transit)
#   KELISIM_KEY_PREFIX        what the keys' names start with (kelisim)
#   TOKEN_DIR                 where to write the three tokens, as the files
#                             encrypt, decrypt and rewrap; without it none are made
#   TOKEN_OWNER               uid:gid the three files are given to, optional
set -eu

mount=${KELISIM_TRANSIT_MOUNT:-transit}
prefix=${KELISIM_KEY_PREFIX:-kelisim}
here=$(cd "$(dirname "$0")" && pwd)

say() { printf 'vault setup: %s\n' "$*" >&2; }

# On a mount that exists, Vault answers an error to enabling it again.
if ! vault read "sys/mounts/$mount" >/dev/null 2>&1; then
  vault secrets enable -path="$mount" transit >/dev/null
  say "transit is mounted at $mount"
fi

# Encrypting under a name that has no key makes Vault invent one. Not here.
vault write "$mount/config/keys" disable_upsert=true >/dev/null

# key NAME [parameter…] makes a key unless there is one.
key() {
  name=$1
  shift
  if ! vault read "$mount/keys/$name" >/dev/null 2>&1; then
    vault write -f "$mount/keys/$name" "$@" >/dev/null
    say "key $name is made"
  fi
}
# Derived: each field of each user has a key of its own, so that a ciphertext
# moved elsewhere does not decrypt.
key "$prefix-pii" type=aes256-gcm96 derived=true
key "$prefix-index" type=hmac key_size=32

# Vault's audit log shows a request's id in clear, for clients that send one.
vault write sys/config/auditing/request-headers/X-Request-Id hmac=false >/dev/null

for role in encrypt decrypt rewrap; do
  sed -e "s|\"transit/|\"$mount/|" -e "s|/kelisim-|/$prefix-|" "$here/kelisim-$role.hcl" |
    vault policy write "$prefix-$role" - >/dev/null
done
say "policies $prefix-encrypt, $prefix-decrypt and $prefix-rewrap are written"

[ -n "${TOKEN_DIR:-}" ] || exit 0
umask 077
for role in encrypt decrypt rewrap; do
  # Periodic: lives as long as somebody renews it within a day; an orphan, so
  # that it does not end with the administrator's own.
  vault token create -orphan -period=24h -policy="$prefix-$role" -display-name="$prefix-$role" -field=token \
    >"$TOKEN_DIR/$role.new"
  if [ -n "${TOKEN_OWNER:-}" ]; then chown "$TOKEN_OWNER" "$TOKEN_DIR/$role.new"; fi
  mv "$TOKEN_DIR/$role.new" "$TOKEN_DIR/$role"
done
say "tokens are in $TOKEN_DIR"
