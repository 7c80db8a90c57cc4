about='a minute in a small office: four desks, a gateway with the sites of the internet behind it, two servers and a printer'
uses='nginx-light curl dnsmasq-base isc-dhcp-client chrony openssh-server samba slapd krb5-kdc postfix dovecot-imapd swaks postgresql-15 redis-server mosquitto snmpd rsyslog avahi-daemon iperf3'
limit=3000000
record_at=(lan br0)

# shellcheck source=../lib/office.sh
source "$testdata/record/lib/office.sh"

network() { office; }

prepare() { office_servers; }

play() {
    local desk day days=()
    avahi printer _ipp._tcp 631 'Office printer'
    avahi clara
    start dario mosquitto_sub -h $DATA -t 'office/#' -q 1
    for desk in "${desks[@]}"; do
        ("day_of_$desk") &
        days+=($!)
    done
    for day in "${days[@]}"; do wait "$day"; done
}

truth() {
    local site
    service udp 255.255.255.255 67 bootps
    service udp $GW 67 bootps
    service udp $GW 53 domain
    service udp $GW6 123 ntp
    for site in 2001:db8:5::10 203.0.113.10 198.51.100.20 198.51.100.77 203.0.113.80; do
        service tcp $site 443 https
    done
    for site in 203.0.113.10 203.0.113.80 192.0.2.30; do
        service tcp $site 80 http
    done
    service tcp $FILES6 445 microsoft-ds
    service tcp $FILES6 389 ldap
    service udp $FILES 88 kerberos
    perhaps tcp $FILES 88 kerberos 'asked besides when UDP took over a second'
    service tcp $FILES 993 imaps
    service tcp $FILES 587 submission
    service tcp $FILES 25 smtp
    service tcp $FILES6 22 ssh
    service udp $FILES 514 syslog
    service tcp $DATA 22022 ssh 'odd port'
    service tcp $DATA 5432 postgresql
    service tcp $DATA 6379 redis
    service tcp $DATA 1883 mqtt
    service tcp $DATA 50055 iperf3 'IANA has no name for it; odd port'
    service tcp $DATA 8443 none 'refused: HTTPS was wanted'
    service tcp 192.168.20.66 80 none 'unanswered: HTTP was wanted'
    service udp $PRINTER 161 snmp
    service udp 224.0.0.251 5353 mdns
    service udp ff02::fb 5353 mdns
}
