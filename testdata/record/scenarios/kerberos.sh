about='a ticket-granting ticket and a service ticket over UDP, the same over TCP, and a wrong password'
uses='krb5-kdc krb5-user'

# shellcheck source=../lib/kerberos.sh
source "$testdata/record/lib/kerberos.sh"

prepare() {
    kerberos_server server "$S4"
}

play() {
    kerberos_client client letmein
    sed -i '/^\[libdefaults/a udp_preference_limit = 1' "$work/krb5.conf"
    kerberos_client client letmein
    ! kerberos_client client wrong
}

truth() {
    service udp "$S4" 88 kerberos
    service tcp "$S4" 88 kerberos
    expect 'udp && kerberos.msg_type == 11' 1
    expect 'tcp && kerberos.msg_type == 13' 1
    expect 'kerberos.error_code == 24' 1
}
