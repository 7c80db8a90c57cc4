about='A, AAAA, MX, TXT, PTR and missing names over UDP, IPv4 and IPv6, and two queries over TCP'
uses='dnsmasq-base bind9-dnsutils'
precision=nano
format=pcap

# shellcheck source=../lib/dns.sh
source "$testdata/record/lib/dns.sh"

prepare() {
    dns_server server
    listening server udp 53
}

play() {
    local dig=(dig +tries=1 +time=2)
    on client "${dig[@]}" "@$S4" www.example.test A
    on client "${dig[@]}" "@$S4" www.example.test AAAA +noedns
    on client "${dig[@]}" "@$S4" example.test MX
    on client "${dig[@]}" "@$S4" -x 10.77.0.20
    on client "${dig[@]}" "@$S4" nobody.example.test A
    on client "${dig[@]}" "@$S6" mail.example.test A
    on client "${dig[@]}" +tcp "@$S4" example.test TXT
    on client "${dig[@]}" +tcp "@$S6" _ldap._tcp.example.test SRV
}

truth() {
    service udp "$S4" 53 domain
    service udp "$S6" 53 domain
    service tcp "$S4" 53 domain
    service tcp "$S6" 53 domain
    expect 'dns.flags.response == 1' 8
    expect 'tcp && dns.flags.response == 1' 2
}
