# shellcheck shell=bash
# A directory for dc=example,dc=test.

# ldap_server HOST
ldap_server() {
    certificate "$1"
    mkdir "$work/ldap"
    cat >"$work/slapd.conf" <<CONF
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile $work/slapd.pid
TLSCertificateFile $work/$1.crt
TLSCertificateKeyFile $work/$1.key
database mdb
suffix dc=example,dc=test
rootdn cn=admin,dc=example,dc=test
rootpw letmein
directory $work/ldap
CONF
    slapadd -f "$work/slapd.conf" <<'LDIF'
dn: dc=example,dc=test
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: cn=Ada Byron,dc=example,dc=test
objectClass: inetOrgPerson
cn: Ada Byron
sn: Byron
mail: ada@example.test

dn: cn=Gerard Kremer,dc=example,dc=test
objectClass: inetOrgPerson
cn: Gerard Kremer
sn: Kremer
mail: gerard@example.test
LDIF
    start "$1" slapd -d 256 -f "$work/slapd.conf" -h ldap:///
    listening "$1" tcp 389
}
