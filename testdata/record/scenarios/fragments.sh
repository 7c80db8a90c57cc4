about='echoes and a UDP transfer in datagrams of 4000 bytes, cut into fragments, over IPv4 and IPv6'
uses='iputils-ping iperf3'

prepare() {
    start server iperf3 -s -p 39002
    listening server tcp 39002
}

play() {
    on client ping -c 2 -i 0.3 -s 4000 "$S4"
    on client ping -c 2 -i 0.3 -s 4000 "$S6"
    on client iperf3 -c "$S4" -p 39002 -u -b 100k -l 4000 -t 1
    on client iperf3 -c "$S6" -p 39002 -u -b 100k -l 4000 -t 1
}

truth() {
    local address transport
    for address in "$S4" "$S6"; do
        for transport in tcp udp; do
            service "$transport" "$address" 39002 iperf3 'IANA has no name for it; odd port'
        done
    done
    expect 'ip.flags.mf == 1' 10
    expect 'ipv6.fraghdr.more == 1' 10
}
