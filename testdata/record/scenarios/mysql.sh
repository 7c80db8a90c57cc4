about='a login, a few queries and an error'
uses='mariadb-server mariadb-client'

prepare() {
    install -d -o mysql "$work/mysql"
    mariadb-install-db --no-defaults --datadir="$work/mysql" --user=mysql --skip-test-db \
        --auth-root-authentication-method=normal >"$work/log/install"
    echo $'create database sea;\ngrant all on sea.* to ada@"%" identified by "letmein";' >"$work/init.sql"
    start server mariadbd --no-defaults --datadir="$work/mysql" --user=mysql --init-file="$work/init.sql" \
        --socket="$work/mysql/socket" --pid-file="$work/mysql/pid" --bind-address=0.0.0.0 --skip-name-resolve
    listening server tcp 3306
}

play() {
    local mariadb=(mariadb --no-defaults -h "$S4" -u ada -pletmein sea)
    on client "${mariadb[@]}" -e "create table port (name text, depth int);
        insert into port values ('Genoa', 15), ('Lisbon', 17); select * from port"
    ! on client "${mariadb[@]}" -e 'select * from nowhere'
}

truth() {
    service tcp "$S4" 3306 mysql
    expect 'mysql.command == 3' 4
    expect 'mysql.response_code == 0xff' 1
}
