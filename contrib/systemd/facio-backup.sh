#!/bin/sh
# One copy of the database in BACKUP_DIR; copies older than KEEP_DAYS go. The master key is in none.
set -eu
umask 077
stamp=$(date -u +%Y-%m-%dT%H%M%SZ)
python=${PYTHON:-.venv/bin/python}
: "${BACKUP_DIR:?}" "${KEEP_DAYS:=30}"

if [ -r "${PGSERVICEFILE:-}" ]; then
    # Sessions are left out: a restore signs everybody out. The password stands in the service file.
    file="$BACKUP_DIR/facio-$stamp.dump"
    pg_dump --dbname=service=facio --no-password --format=custom --file="$file.part" \
        --exclude-table-data=django_session --exclude-table-data=usersessions_usersession \
        --exclude-table-data=cache
    mv "$file.part" "$file"
else
    "$python" manage.py backup "$BACKUP_DIR/facio-$stamp.sqlite3"
fi
find "$BACKUP_DIR" -maxdepth 1 -type f -name 'facio-*' -mtime "+$KEEP_DAYS" -delete
