# shellcheck shell=bash
# An SNMP agent, community public, version 3 user ada.

# snmp_server HOST
snmp_server() {
    cat >"$work/snmpd.conf" <<CONF
rocommunity public
rwuser ada
createUser ada SHA letmein-auth AES letmein-priv
sysDescr A host of the test network
sysName $1.example.test
sysLocation harbour
sysContact ada@example.test
CONF
    start "$1" env SNMP_PERSISTENT_DIR="$work/snmp" snmpd -f -Lo -C -c "$work/snmpd.conf" -p "$work/snmpd.pid" udp:161
    listening "$1" udp 161
}
