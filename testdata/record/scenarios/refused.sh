about='TCP to closed ports over IPv4 and IPv6 is reset, UDP is answered by ICMP'
uses='curl bind9-dnsutils'
format=pcap

play() {
    ! on client curl -sS "http://$S4:8080/"
    ! on client curl -sS "https://[$S6]/"
    ! on client dig +tries=1 +time=1 "@$S4" www.example.test
}

truth() {
    service tcp "$S4" 8080 none 'refused: HTTP was wanted'
    service tcp "$S6" 443 none 'refused: HTTPS was wanted'
    service udp "$S4" 53 none 'refused by ICMP: DNS was wanted'
    expect 'tcp.flags.reset == 1' 2
    expect 'icmp.type == 3 && icmp.code == 3' 1
}
