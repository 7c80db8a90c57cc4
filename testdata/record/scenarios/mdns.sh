about='a printer and a web page are announced, looked for and found'
uses='avahi-daemon avahi-utils'

# shellcheck source=../lib/mdns.sh
source "$testdata/record/lib/mdns.sh"

play() {
    avahi server _ipp._tcp 631 'Chart printer'
    avahi client _http._tcp 80 'Log book'
    sleep 3
    avahi_browse client _ipp._tcp
    avahi_browse server _http._tcp
    sleep 1
}

truth() {
    service udp 224.0.0.251 5353 mdns
    service udp ff02::fb 5353 mdns
    expect 'dns.resp.name contains "Chart printer"' 1
    expect 'dns.flags.response == 0' 3
}
