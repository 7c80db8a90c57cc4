about='a TCP transfer on port 50055, a UDP one on port 39001'
uses='iperf3'

prepare() {
    local port
    for port in 50055 39001; do
        start server iperf3 -s -p "$port"
        listening server tcp "$port"
    done
}

play() {
    on client iperf3 -c "$S4" -p 50055 -n 40K -l 8K
    on client iperf3 -c "$S6" -p 39001 -u -b 200k -l 600 -t 1
}

truth() {
    service tcp "$S4" 50055 iperf3 'IANA has no name for it; odd port'
    service tcp "$S6" 39001 iperf3 'IANA has no name for it; odd port'
    service udp "$S6" 39001 iperf3 'IANA has no name for it; odd port'
    expect 'udp.dstport == 39001' 20
    expect 'tcp.dstport == 50055 && tcp.len > 1000' 20
}
