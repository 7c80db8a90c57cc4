about='four exchanges over IPv4, four over IPv6'
uses='chrony'
format=pcap snaplen=96

prepare() {
    cat >"$work/chrony.conf" <<CONF
local stratum 3
allow
cmdport 0
bindcmdaddress /
pidfile $work/chrony.pid
CONF
    start server chronyd -d -x -u root -f "$work/chrony.conf"
    listening server udp 123
}

play() {
    local address
    for address in "$S4" "$S6"; do
        on client chronyd -Q -t 15 -u root "server $address iburst" "pidfile $work/client.pid" 'cmdport 0' 'bindcmdaddress /'
    done
}

truth() {
    service udp "$S4" 123 ntp
    service udp "$S6" 123 ntp
    expect 'ntp.flags.mode == 4' 6
}
