about='TCP and UDP to a silent address, TCP to a port whose packets are dropped'
uses='curl bind9-dnsutils nftables nginx-light'
format=pcap

# shellcheck source=../lib/web.sh
source "$testdata/record/lib/web.sh"

silent4=10.77.0.66

prepare() {
    ip -n "$tag-client" neighbour add "$silent4" lladdr 02:70:6f:72:74:66 dev eth0
    web_server server 'listen 80;'
    listening server tcp 80
    on server nft -f - <<'NFT'
table inet filter {
    chain input {
        type filter hook input priority 0;
        tcp dport 80 drop
    }
}
NFT
}

play() {
    ! on client curl -sS --max-time 4 "http://$silent4:8000/"
    ! on client dig +tries=2 +time=1 "@$silent4" www.example.test
    ! on client curl -sS --max-time 4 "http://$S4/"
}

truth() {
    service tcp "$silent4" 8000 none 'unanswered: HTTP was wanted'
    service udp "$silent4" 53 none 'unanswered: DNS was wanted'
    service tcp "$S4" 80 none 'unanswered: HTTP was wanted but packets are dropped by a rule'
    expect 'tcp.flags == 2' 4
}
