about='a lease is taken, renewed and released; DHCPv6 likewise'
uses='dnsmasq-base isc-dhcp-client'

network() {
    pair
    ip -n "$tag-client" address del "$C4/24" dev eth0
}

prepare() {
    start server dnsmasq --keep-in-foreground --conf-file=/dev/null --user=root --pid-file= --port=0 \
        --log-facility=- --dhcp-leasefile="$work/leases" --interface=eth0 --bind-interfaces \
        --dhcp-range=10.77.0.100,10.77.0.150,1h --dhcp-range=fd77::100,fd77::1ff,64,1h \
        --dhcp-option=option:ntp-server,10.77.0.1 --domain=example.test
    listening server udp 67
    listening server udp 547
    printf '#!/bin/sh\n[ -z "$new_ip_address" ] || ip address replace "$new_ip_address/24" dev eth0\n' >"$work/script"
    chmod 755 "$work/script"
    cat >"$work/dhclient.conf" <<CONF
send host-name = gethostname();
request subnet-mask, broadcast-address, routers, domain-name, domain-name-servers, host-name, ntp-servers;
CONF
}

play() {
    local version client
    for version in -4 -6; do
        client=(-v "$version" -cf "$work/dhclient.conf" -sf "$work/script"
            -lf "$work/client$version" -pf "$work/pid$version")
        on client dhclient -1 "${client[@]}" eth0
        sleep 1
        on client dhclient -r "${client[@]}" eth0
    done
}

truth() {
    # Link-local addresses of client and server follow from their MAC addresses.
    service udp 255.255.255.255 67 bootps
    service udp "$S4" 67 bootps
    service udp ff02::1:2 547 dhcpv6-server
    service udp fe80::70:6fff:fe72:7401 547 dhcpv6-server 'answers to what was sent to ff02::1:2'
    expect 'dhcp.option.dhcp == 5' 1
    expect 'dhcp.option.dhcp == 7' 1
    expect 'dhcpv6.msgtype == 7' 1
}
