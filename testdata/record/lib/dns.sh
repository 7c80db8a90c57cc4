# shellcheck shell=bash
# A name server for example.test.

# dns_server HOST [OPTION...]: dnsmasq with these options besides.
dns_server() {
    local name=$1
    shift
    start "$name" dnsmasq --keep-in-foreground --conf-file=/dev/null --user=root --pid-file= \
        --no-resolv --no-hosts --log-queries --log-facility=- \
        --local=/example.test/ --local=/77.10.in-addr.arpa/ \
        --host-record=www.example.test,10.77.0.20,fd77::20 \
        --host-record=mail.example.test,10.77.0.25 \
        --mx-host=example.test,mail.example.test,10 \
        --txt-record='example.test,v=spf1 mx -all' \
        --srv-host=_ldap._tcp.example.test,ldap.example.test,389 "$@"
}
