about='echoes over IPv4 and IPv6, large ones too, and an address nobody has'
uses='iputils-ping'
format=pcap precision=nano

play() {
    on client ping -c 3 -i 0.3 "$S4"
    on client ping -c 3 -i 0.3 "$S6"
    on client ping -c 1 -s 1400 "$S4"
    ! on client ping -c 1 -W 1 10.77.0.99
}

truth() {
    expect 'icmp.type == 0' 4
    expect 'icmpv6.type == 129' 3
}
