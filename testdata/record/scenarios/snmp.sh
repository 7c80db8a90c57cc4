about='a get and a walk with version 2c, a get with version 3, a trap and an inform'
uses='snmpd snmp snmptrapd'

# shellcheck source=../lib/snmp.sh
source "$testdata/record/lib/snmp.sh"

prepare() {
    snmp_server server
    echo 'disableAuthorization yes' >"$work/snmptrapd.conf"
    start server snmptrapd -f -Lo -n -C -c "$work/snmptrapd.conf" udp:162
    listening server udp 162
}

play() {
    on client snmpget -v2c -c public "$S4" 1.3.6.1.2.1.1.1.0 1.3.6.1.2.1.1.3.0
    on client snmpwalk -v2c -c public "$S4" 1.3.6.1.2.1.1
    on client snmpget -v3 -l authPriv -u ada -a SHA -A letmein-auth -x AES -X letmein-priv "$S4" 1.3.6.1.2.1.1.5.0
    on client snmptrap -v2c -c public "$S4" 100 1.3.6.1.6.3.1.1.5.3 1.3.6.1.2.1.2.2.1.1 i 1
    on client snmpinform -v2c -c public "$S4" 200 1.3.6.1.6.3.1.1.5.4 1.3.6.1.2.1.2.2.1.1 i 1
}

truth() {
    service udp "$S4" 161 snmp
    service udp "$S4" 162 snmptrap
    expect 'snmp && udp.srcport == 161' 8
    expect 'snmp.data == 7' 1
    expect 'udp.srcport == 162' 1
}
