# shellcheck shell=bash
# The network of the office: a switch, a gateway, two servers, a printer and
# four desks. The gateway also plays the sites out on the internet.

for part in web ssh dns smb ldap kerberos postgresql mqtt snmp syslog mail mdns; do
    # shellcheck source=/dev/null
    source "$testdata/record/lib/$part.sh"
done

GW=192.168.20.1 FILES=192.168.20.10 DATA=192.168.20.11 PRINTER=192.168.20.40
GW6=fd20::1 FILES6=fd20::10
desks=(anna bruno clara dario)

# attach HOST NUMBER [ADDRESS...]: a cable from the host to the switch.
attach() {
    ip link add "$1" netns "$tag-lan" type veth peer name eth0 netns "$tag-$1"
    ip netns exec "$tag-lan" ethtool -K "$1" tx off rx off tso off gso off gro off >/dev/null 2>&1
    ip -n "$tag-lan" link set "$1" master br0 up
    plug "$1" eth0 "${@:2}"
}

office() {
    local desk number=100
    host lan
    ip -n "$tag-lan" link add br0 type bridge mcast_snooping 0
    on lan sysctl -qw net.ipv6.conf.all.disable_ipv6=1
    ip -n "$tag-lan" link set br0 up

    names
    host gw
    attach gw 1 "$GW/24" "$GW6/64"
    for address in 203.0.113.10/32 203.0.113.80/32 198.51.100.20/32 198.51.100.77/32 192.0.2.30/32; do
        ip -n "$tag-gw" address add "$address" dev lo
    done
    ip -n "$tag-gw" address add 2001:db8:5::10/128 dev lo nodad
    on gw sysctl -qw net.ipv4.ip_forward=1

    host files
    attach files 10 "$FILES/24" "$FILES6/64"
    host data
    attach data 11 "$DATA/24" fd20::11/64
    host printer
    attach printer 40 "$PRINTER/24" fd20::40/64
    for desk in "${desks[@]}"; do
        host "$desk"
        attach "$desk" $((++number)) "fd20::$number/64"
    done
    for desk in files data printer "${desks[@]}"; do
        ip -n "$tag-$desk" -6 route add default via "$GW6"
        ip -n "$tag-$desk" -4 route add default via "$GW" dev eth0 onlink
    done
    echo "nameserver $GW" >"$work/resolv.conf"
    echo 'search office.example' >>"$work/resolv.conf"
    # Nobody answers here, but the neighbours are sure of it.
    ip -n "$tag-clara" neighbour add 192.168.20.66 lladdr 02:70:6f:72:74:42 dev eth0
    sleep 1
}

# photo NAME KILOBYTES: something which does not compress.
photo() { head -c "$(($2 * 1024))" /dev/urandom >"$work/site/$1"; }

office_servers() {
    local desk number=100 leases=() index

    dns_server gw --dhcp-authoritative --dhcp-leasefile="$work/leases" --domain=office.example \
        --local=/office.example/ --local=/20.168.192.in-addr.arpa/ --interface=eth0 --bind-interfaces \
        --dhcp-range=192.168.20.101,192.168.20.150,1h --dhcp-option=option:ntp-server,$GW \
        --host-record=gw.office.example,$GW,$GW6 --host-record=files.office.example,$FILES,$FILES6 \
        --host-record=mail.office.example,$FILES --host-record=data.office.example,$DATA \
        --host-record=printer.office.example,$PRINTER --host-record=old.office.example,192.168.20.66 \
        --host-record=www.example.com,203.0.113.10 --host-record=mirror.example.com,2001:db8:5::10 --host-record=news.example.net,198.51.100.20 \
        --host-record=photos.example.net,198.51.100.77 --host-record=shop.example.org,203.0.113.80 \
        --host-record=updates.example.org,192.0.2.30 \
        --dhcp-host=02:70:6f:72:74:65,anna,192.168.20.101 --dhcp-host=02:70:6f:72:74:66,bruno,192.168.20.102 \
        --dhcp-host=02:70:6f:72:74:67,clara,192.168.20.103 --dhcp-host=02:70:6f:72:74:68,dario,192.168.20.104
    printf '%s\n' 'local stratum 3' allow 'cmdport 0' 'bindcmdaddress /' "pidfile $work/chrony.pid" >"$work/chrony.conf"
    start gw chronyd -d -x -u root -f "$work/chrony.conf"
    certificate www
    web_server gw "listen 80; listen [::]:80; listen 443 ssl http2; listen [::]:443 ssl http2;
        ssl_certificate $work/www.crt; ssl_certificate_key $work/www.key;"
    for index in 1 2 3 4 5 6 7 8; do photo "photo$index.jpg" $((index * 4)); done
    photo hero.jpg 90
    photo update.deb 240
    prose 14000 >"$work/site/style.css"
    prose 22000 >"$work/site/app.js"

    smb_server files
    ldap_server files
    kerberos_server files "$FILES"
    syslog_server files
    mailbox files
    ssh_server files 22
    ssh_server data 22022
    postgresql_server data
    mqtt_server data
    start data redis-server --port 6379 --bind 0.0.0.0 --protected-mode no --save '' --dir "$work"
    start data iperf3 -s -p 50055
    snmp_server printer
    listening data tcp 6379
    listening data tcp 50055
    listening gw tcp 443
    listening gw udp 123

    # shellcheck disable=SC2016
    printf '%s\n' '#!/bin/sh' '[ -z "$new_ip_address" ] || ip address replace "$new_ip_address/24" dev eth0' >"$work/script"
    chmod 755 "$work/script"
    printf '%s\n' 'send host-name = gethostname();' \
        'request subnet-mask, broadcast-address, routers, domain-name, domain-name-servers, ntp-servers;' >"$work/dhclient.conf"
}

# What people at the desks do.

wake() {
    on "$1" dhclient -4 -1 -cf "$work/dhclient.conf" -sf "$work/script" -lf "$work/lease-$1" -pf "$work/dhclient-$1" eth0
    ip -n "$tag-$1" -4 route replace default via "$GW" dev eth0
    on "$1" chronyd -Q -t 10 -u root 'server gw.office.example iburst maxsamples 2' "pidfile $work/chrony-$1" 'cmdport 0' 'bindcmdaddress /'
}

# browse DESK URL-PREFIX FILE...: a page and what belongs to it.
browse() {
    local file urls=()
    for file in "${@:3}"; do urls+=("$2/$file" -o /dev/null); done
    on "$1" curl -sS -k -Z --parallel-max 4 --max-time 20 "${urls[@]}"
}

read_mail() {
    on "$1" curl -sS -k -u ada:letmein imaps://mail.office.example/
    on "$1" curl -sS -k -u ada:letmein 'imaps://mail.office.example/INBOX;MAILINDEX=1'
}

log_in() {
    (
        export KRB5CCNAME=$work/tickets-$1
        on "$1" sh -c 'echo letmein | kinit ada && kvno host/server.example.test'
    )
    on "$1" ldapsearch -x -H ldap://files.office.example -D cn=admin,dc=example,dc=test -w letmein \
        -b dc=example,dc=test '(objectClass=person)' cn mail
}

share() {
    on "$1" smbclient -s "$work/smb.conf" -U root%letmein //files.office.example/charts -c "ls; get chart.txt $work/got-$1; ls"
}

report() { on "$1" logger -n "$FILES" -d -t "$1" --rfc5424 "$2"; }

ask() { on "$1" host -W 2 "$2" || true; }

day_of_anna() {
    wake anna
    log_in anna
    browse anna https://www.example.com index.html style.css app.js photo1.jpg photo2.jpg photo3.jpg hero.jpg
    read_mail anna
    share anna
    sleep 4
    browse anna https://news.example.net index.html style.css photo4.jpg photo5.jpg photo6.jpg
    send_mail anna mail.office.example 587 'Minutes' --tls --auth PLAIN --auth-user ada --auth-password letmein
    sleep 11
    browse anna https://www.example.com chart.txt photo8.jpg
    on anna ping -c 3 -i 0.5 www.example.com
    sleep 9
    read_mail anna
    browse anna https://shop.example.org index.html photo7.jpg photo1.jpg
    sleep 12
    browse anna https://news.example.net index.html photo3.jpg photo5.jpg
    read_mail anna
    report anna 'printed 3 pages'
}

day_of_bruno() {
    sleep 3
    wake bruno
    log_in bruno
    postgresql_client bruno data.office.example prefer 'create table if not exists port (name text, depth int)' \
        "insert into port select 'port ' || n, n from generate_series(1, 40) n" 'select * from port'
    ssh_client bruno files.office.example 'uptime; ls /usr/bin | head -n 60'
    browse bruno https://news.example.net index.html app.js photo2.jpg photo8.jpg
    on bruno iperf3 -c data.office.example -p 50055 -n 150K -l 16K
    sleep 9
    ssh_client bruno data.office.example 'df -h; uptime' 22022
    postgresql_client bruno data.office.example prefer 'select count(*), avg(depth) from port'
    on bruno redis-cli -h data.office.example SET build:41 passed
    on bruno redis-cli -h data.office.example GET build:40
    sleep 11
    # Port 8443 of the server is closed.
    on bruno curl -sS --max-time 3 https://data.office.example:8443/ || true
    browse bruno http://updates.example.org update.deb
    sleep 8
    ssh_client bruno files.office.example 'ls -l /usr/bin | head -n 90'
    browse bruno https://www.example.com index.html app.js photo4.jpg
    report bruno 'build 41 passed'
}

day_of_clara() {
    sleep 7
    wake clara
    log_in clara
    share clara
    browse clara https://photos.example.net index.html photo1.jpg photo2.jpg photo3.jpg photo4.jpg photo5.jpg photo6.jpg
    # The old server is switched off.
    on clara curl -sS --max-time 7 http://old.office.example/ || true
    avahi_browse clara _ipp._tcp
    read_mail clara
    browse clara https://photos.example.net photo7.jpg photo8.jpg hero.jpg
    sleep 10
    browse clara http://shop.example.org index.html style.css photo3.jpg
    ask clara printer.office.example
    ask clara nobody.office.example
    report clara 'low on paper'
    sleep 9
    browse clara https://mirror.example.com index.html photo2.jpg
}

day_of_dario() {
    local round
    sleep 5
    wake dario
    for round in 1 2 3 4 5 6 7 8; do
        on dario snmpget -v2c -c public printer.office.example 1.3.6.1.2.1.1.1.0 1.3.6.1.2.1.1.3.0
        on dario mosquitto_pub -h data.office.example -t office/temperature -m "2$round.5" -q 1
        on dario redis-cli -h data.office.example INCR rounds
        ((round % 2)) || browse dario http://www.example.com index.html chart.txt "photo$round.jpg"
        report dario "round $round"
        sleep 5
    done
    share dario
    ask dario data.office.example
    on dario ping -6 -c 3 -i 0.5 fd20::1
    browse dario https://www.example.com index.html app.js photo8.jpg hero.jpg
    send_mail dario mail.office.example 25 'Temperatures of today'
}
