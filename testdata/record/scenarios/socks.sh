about='SOCKS 5 with a name and with an address, and SOCKS 4'
uses='dante-server curl nginx-light'
format=pcap

# shellcheck source=../lib/web.sh
source "$testdata/record/lib/web.sh"

prepare() {
    web_server server 'listen 127.0.0.1:80;'
    cat >"$work/danted.conf" <<CONF
logoutput: stderr
internal: $S4 port = 1080
external: lo
socksmethod: none
clientmethod: none
user.privileged: root
user.unprivileged: nobody
client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
CONF
    start server danted -f "$work/danted.conf" -p "$work/danted.pid"
    listening server tcp 1080
}

play() {
    on client curl -sS -o /dev/null --socks5-hostname "$S4" http://localhost/chart.txt
    on client curl -sS -o /dev/null --socks5 "$S4" http://127.0.0.1/
    on client curl -sS -o /dev/null --socks4 "$S4" http://127.0.0.1/
}

truth() {
    service tcp "$S4" 1080 socks 'HTTP within'
    expect 'socks' 9
}
