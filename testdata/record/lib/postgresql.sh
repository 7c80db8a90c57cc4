# shellcheck shell=bash
# A database server, user ada, password letmein.

# postgresql_server HOST
postgresql_server() {
    local data=$work/postgresql bin
    bin=$(echo /usr/lib/postgresql/*/bin)
    certificate database
    install -d -o postgres "$data"
    echo letmein >"$work/password"
    setpriv --reuid postgres --clear-groups "$bin/initdb" -D "$data" -U ada -A scram-sha-256 \
        --pwfile "$work/password" --no-sync --locale C.UTF-8 >"$work/log/initdb"
    install -m 600 -o postgres "$work/database.key" "$data/server.key"
    cp "$work/database.crt" "$data/server.crt"
    echo 'host all all all scram-sha-256' >>"$data/pg_hba.conf"
    start "$1" setpriv --reuid postgres --clear-groups "$bin/postgres" -D "$data" -k "$data" \
        -c listen_addresses='*' -c ssl=on -c fsync=off
    listening "$1" tcp 5432
    sleep 1
}

# postgresql_client HOST ADDRESS SSLMODE QUERY...
postgresql_client() {
    local query queries=()
    for query in "${@:4}"; do queries+=(-c "$query"); done
    on "$1" env PGPASSWORD=letmein psql -q -h "$2" -U ada "dbname=postgres sslmode=$3 gssencmode=disable" "${queries[@]}"
}
