about='queries after a SCRAM login, an error, the same under TLS'
uses='postgresql-15 postgresql-client-15'

# shellcheck source=../lib/postgresql.sh
source "$testdata/record/lib/postgresql.sh"

prepare() {
    postgresql_server server
}

play() {
    postgresql_client client "$S4" disable 'create table port (name text, depth int)' \
        "insert into port values ('Genoa', 15), ('Lisbon', 17)" 'select * from port' 
    ! postgresql_client client "$S4" disable 'select * from nowhere'
    postgresql_client client "$S4" require 'select count(*) from port'
}

truth() {
    service tcp "$S4" 5432 postgresql
    expect 'pgsql.type == "Simple query"' 4
    expect 'tls.handshake.type == 1' 1
}
