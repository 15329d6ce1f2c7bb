#!/bin/sh
# Makes the role that serves: it may log in, and nothing else yet. `kelisim
# migrate --runtime-role kelisim_runtime`, as the owner, gives it what serving
# takes. The image of PostgreSQL runs this once, on a new database.
set -eu

psql --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --set ON_ERROR_STOP=1 --set password="$RUNTIME_PASSWORD" <<'SQL'
CREATE ROLE kelisim_runtime LOGIN PASSWORD :'password';
SQL
