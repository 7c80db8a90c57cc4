about='a tunnel is set up, pings and a web page go through it'
uses='wireguard-go wireguard-tools nginx-light curl'

# shellcheck source=../lib/web.sh
source "$testdata/record/lib/web.sh"

prepare() {
    local name
    for name in client server; do
        umask 077
        wg genkey >"$work/$name.secret"
        wg pubkey <"$work/$name.secret" >"$work/$name.public"
        start "$name" wireguard-go -f "wg-$name"
        until_true ip -n "$tag-$name" link show "wg-$name"
        sleep 0.5
    done
    umask 022
    on server wg set wg-server private-key "$work/server.secret" listen-port 51820 \
        peer "$(cat "$work/client.public")" allowed-ips 10.78.0.10/32
    ip -n "$tag-server" address add 10.78.0.1/24 dev wg-server
    ip -n "$tag-client" address add 10.78.0.10/24 dev wg-client
    web_server server 'listen 10.78.0.1:80;'
}

network() {
    pair
    # Only IPv4 goes into the tunnel.
    on server sysctl -qw net.ipv6.conf.default.disable_ipv6=1
    on client sysctl -qw net.ipv6.conf.default.disable_ipv6=1
}

play() {
    ip -n "$tag-server" link set wg-server up
    ip -n "$tag-client" link set wg-client up
    on client wg set wg-client private-key "$work/client.secret" \
        peer "$(cat "$work/server.public")" allowed-ips 10.78.0.0/24 endpoint "$S4:51820" persistent-keepalive 5
    on client ping -c 2 10.78.0.1
    on client curl -sS -o /dev/null http://10.78.0.1/chart.txt
}

truth() {
    service udp "$S4" 51820 wireguard 'IANA has no name for it; ping and http within'
    expect 'wg.type == 2' 1
    expect 'wg.type == 4' 8
}
