#!/bin/sh
# Brings up the Vault of docker-compose.yml: initialises it the first time,
# unseals it every time, turns its audit log on, prepares it with setup.sh, and
# writes the server's two tokens as the files encrypt and decrypt to TOKEN_DIR,
# for TOKEN_OWNER, a uid:gid. With Kelisim's program at hand all but the unsealing
# is `kelisim vault setup --token-dir`; Vault's image, where this runs, has none.
#
# For a demonstration only: the unseal key and the root token lie in the file
# OPERATOR_FILE, next to what they protect. In production people hold them.
set -eu

file=${OPERATOR_FILE:-/operator/vault.txt}
audit=${AUDIT_FILE:-/vault/logs/audit.log}
here=$(cd "$(dirname "$0")" && pwd)
umask 077

# `vault status` answers 0 when unsealed, 2 when sealed, 1 when it hears nothing.
tries=0
while
  code=0
  vault status >/dev/null 2>&1 || code=$?
  [ "$code" -eq 1 ]
do
  tries=$((tries + 1))
  if [ "$tries" -gt 60 ]; then echo "vault demo: no answer from $VAULT_ADDR" >&2; exit 1; fi
  sleep 1
done

if ! vault operator init -status >/dev/null 2>&1; then
  vault operator init -key-shares=1 -key-threshold=1 >"$file.new"
  mv "$file.new" "$file"
fi
vault operator unseal "$(sed -n 's/^Unseal Key 1: //p' "$file")" >/dev/null
VAULT_TOKEN=$(sed -n 's/^Initial Root Token: //p' "$file")
export VAULT_TOKEN

# Unsealed, a node of raft still has to become the leader.
tries=0
until vault read sys/mounts >/dev/null 2>&1; do
  tries=$((tries + 1))
  if [ "$tries" -gt 60 ]; then echo "vault demo: Vault is unsealed and does not serve" >&2; exit 1; fi
  sleep 1
done

# Without a way to write its audit log, Vault refuses every request: on purpose.
if ! vault read sys/audit | grep -q '^file/'; then
  vault audit enable file file_path="$audit" >/dev/null
fi
"$here/setup.sh"

for role in encrypt decrypt; do
  # Periodic: lives as long as somebody renews it within a day; an orphan, so
  # that it does not end with the root token.
  vault token create -orphan -no-default-policy -period=24h -policy="kelisim-$role" -display-name="kelisim-$role" \
    -field=token >"$TOKEN_DIR/$role.new"
  chown "$TOKEN_OWNER" "$TOKEN_DIR/$role.new"
  mv "$TOKEN_DIR/$role.new" "$TOKEN_DIR/$role"
done
