#!/bin/sh
# Makes Temporal's two databases in PostgreSQL, or brings them to the version of the tools at hand. Run again it changes nothing.
# The rule: only Temporal's own tool touches its tables.
set -eu

: "${POSTGRES_SEEDS:?host of PostgreSQL}" "${POSTGRES_USER:?its user}" "${POSTGRES_PASSWORD_FILE:?file with the password}"
schema=${TEMPORAL_SCHEMA:-/etc/temporal/schema}/postgresql/v12

# The tool reads it from its environment only; so it is in no command line.
SQL_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
export SQL_PASSWORD

on() {
  database=$1
  shift
  temporal-sql-tool --plugin postgres12 --ep "$POSTGRES_SEEDS" -p "${DB_PORT:-5432}" -u "$POSTGRES_USER" --db "$database" "$@"
}

# set_up DATABASE FOLDER
set_up() {
  on "$1" create
  # Fails where it has been done already; if it fails for another reason, so does the next line.
  on "$1" setup-schema -v 0.0 || echo "schema of $1: there already"
  on "$1" update-schema -d "$schema/$2/versioned"
}

set_up temporal temporal
set_up temporal_visibility visibility
echo 'databases are ready'
