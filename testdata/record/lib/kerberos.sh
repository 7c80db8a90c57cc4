# shellcheck shell=bash
# A realm EXAMPLE.TEST with the principals ada and host/server.

# kerberos_server HOST ADDRESS
kerberos_server() {
    export KRB5_CONFIG=$work/krb5.conf KRB5_KDC_PROFILE=$work/kdc.conf KRB5CCNAME=$work/tickets
    cat >"$work/krb5.conf" <<CONF
[libdefaults]
default_realm = EXAMPLE.TEST
dns_lookup_kdc = false
dns_canonicalize_hostname = false
rdns = false
[realms]
EXAMPLE.TEST = {
    kdc = $2
}
CONF
    cat >"$work/kdc.conf" <<CONF
[realms]
EXAMPLE.TEST = {
    database_name = $work/principal
    key_stash_file = $work/stash
    acl_file = /dev/null
    kdc_ports = 88
    kdc_tcp_ports = 88
}
CONF
    kdb5_util create -s -P master >/dev/null 2>&1
    kadmin.local -q 'addprinc -pw letmein +requires_preauth ada' >/dev/null 2>&1
    kadmin.local -q 'addprinc -randkey host/server.example.test' >/dev/null 2>&1
    start "$1" krb5kdc -n -P "$work/kdc.pid"
    listening "$1" udp 88
    listening "$1" tcp 88
}

# kerberos_client HOST PASSWORD
kerberos_client() {
    echo "$2" | on "$1" kinit ada &&
        on "$1" kvno host/server.example.test
}
