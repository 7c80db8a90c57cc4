about='messages in both formats over UDP, and over TCP on ports 514 and 601'
uses='rsyslog bsdutils'
format=pcap

# shellcheck source=../lib/syslog.sh
source "$testdata/record/lib/syslog.sh"

prepare() {
    syslog_server server
}

play() {
    on client logger -n "$S4" -d -t pilot --rfc3164 'land in sight'
    on client logger -n "$S4" -d -t pilot --rfc5424 -p daemon.warning 'shoals ahead'
    on client logger -n "$S6" -d -t pilot 'anchor dropped'
    on client logger -n "$S4" -T -P 514 -t pilot 'over a connection'
    on client logger -n "$S4" -T -P 601 --octet-count -t pilot 'over another, with counted octets'
}

truth() {
    service udp "$S4" 514 syslog
    service udp "$S6" 514 syslog
    service tcp "$S4" 514 syslog 'IANA gives this port to another service'
    service tcp "$S4" 601 syslog-conn
    expect 'udp && syslog' 3
    expect 'tcp.len > 0' 2
}
