about='a value stored and fetched in the text protocol, stored again in the binary one, and the statistics'
uses='memcached libmemcached-tools'
format=pcap

prepare() {
    start server memcached -u root -l "$S4" -U 0
    listening server tcp 11211
}

play() {
    prose 500 >"$work/chart"
    on client memccp --servers="$S4" "$work/chart"
    on client memccat --servers="$S4" chart
    on client memcping --servers="$S4"
    on client memccp --binary --servers="$S4" "$work/chart"
    on client memcstat --servers="$S4"
}

truth() {
    service tcp "$S4" 11211 memcache
    expect 'tcp.len > 0' 8
}
