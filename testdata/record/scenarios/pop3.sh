about='the list and a letter in the clear, the same over TLS'
uses='dovecot-pop3d curl'
format=pcap

# shellcheck source=../lib/mail.sh
source "$testdata/record/lib/mail.sh"

prepare() { mailbox server; }

play() {
    local curl=(on client curl -sS -k -u ada:letmein)
    "${curl[@]}" "pop3://$S4/"
    "${curl[@]}" "pop3://$S4/1"
    "${curl[@]}" "pop3s://$S4/1"
}

truth() {
    service tcp "$S4" 110 pop3
    service tcp "$S4" 995 pop3s
    expect 'pop' 10
    expect 'tls.handshake.type == 1' 1
}
