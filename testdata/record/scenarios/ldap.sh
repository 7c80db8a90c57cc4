about='a simple bind, a search, a change, and a search under StartTLS'
uses='slapd ldap-utils'

# shellcheck source=../lib/ldap.sh
source "$testdata/record/lib/ldap.sh"

prepare() {
    ldap_server server
}

play() {
    local bind=(-x -H ldap://server.example.test -D cn=admin,dc=example,dc=test -w letmein)
    on client ldapsearch "${bind[@]}" -b dc=example,dc=test '(objectClass=person)' cn sn
    printf '%s\n' 'dn: cn=Ada Byron,dc=example,dc=test' 'changetype: modify' \
        'replace: sn' 'sn: Lovelace' | on client ldapmodify "${bind[@]}"
    on client env LDAPTLS_CACERT="$work/server.crt" ldapsearch -ZZ "${bind[@]}" -b dc=example,dc=test '(sn=Lovelace)'
}

truth() {
    service tcp "$S6" 389 ldap
    expect 'ldap.protocolOp == 3' 1
    expect 'tls.handshake.type == 1' 1
}
