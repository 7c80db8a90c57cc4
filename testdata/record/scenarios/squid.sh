about='a proxy fetches two pages and tunnels one TLS connection'
uses='squid curl nginx-light'

# shellcheck source=../lib/web.sh
source "$testdata/record/lib/web.sh"

prepare() {
    certificate www
    web_server server "listen 127.0.0.1:80; listen 127.0.0.1:443 ssl;
        ssl_certificate $work/www.crt; ssl_certificate_key $work/www.key;"
    cat >"$work/squid.conf" <<CONF
http_port 3128
http_access allow all
cache deny all
access_log none
cache_log $work/squid.log
pid_filename $work/squid.pid
coredump_dir $work
hosts_file $work/origin
visible_hostname proxy.example.test
via on
CONF
    echo '127.0.0.1 www.example.test' >"$work/origin"
    install -m 666 /dev/null "$work/squid.log"
    start server squid -N -f "$work/squid.conf"
    listening server tcp 3128
}

play() {
    local curl=(on client curl -sS -o /dev/null -x "http://$S4:3128")
    "${curl[@]}" http://www.example.test/
    "${curl[@]}" http://www.example.test/chart.txt
    "${curl[@]}" --cacert "$work/www.crt" https://www.example.test/
}

truth() {
    service tcp "$S4" 3128 http 'HTTP to a proxy, and TLS within CONNECT'
    decode=(-d tcp.port==3128,http)
    expect 'http.request.method == "CONNECT"' 1
    expect 'http.response.code == 200' 3
}
