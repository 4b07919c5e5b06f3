#!/bin/sh
# Makes the files that compose.yaml takes secrets from, in ./secrets (or in the folder that is named).
# What is there already stays. Run it as root, so that the files can be given to the containers' user.
set -eu
umask 077
folder=${1:-secrets}
owner=10001:10001
mkdir -p "$folder"
chmod 0700 "$folder"

letters() { # $1 random bytes as hexadecimal digits
    od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'
}

put() { # the file $1 with the text on standard input, unless it is there
    if [ -e "$folder/$1" ]; then cat >/dev/null; else
        cat >"$folder/$1.new"
        chmod 0400 "$folder/$1.new"
        mv "$folder/$1.new" "$folder/$1"
        echo "made $folder/$1"
    fi
    if [ "$(id -u)" = 0 ]; then chown "$owner" "$folder/$1"; fi
}

letters 24 | put database_password
printf 'postgres://facio:%s@database:5432/facio\n' "$(cat "$folder/database_password")" | put database_url
letters 24 | put broker_password
printf 'redis://:%s@broker:6379/0\n' "$(cat "$folder/broker_password")" | put redis_url
printf 'bind * -::*\nrequirepass %s\nsave ""\nappendonly no\nmaxmemory 128mb\ndir /data\nloglevel warning\n' \
    "$(cat "$folder/broker_password")" | put broker_conf
letters 48 | put secret_key
printf '%s\n' "$(head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n')" | put master_keys
if [ "$(id -u)" != 0 ]; then echo "now: sudo chown $owner $folder/*" >&2; fi
