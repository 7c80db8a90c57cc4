about='the mailbox is listed and a letter fetched; imap in the clear on port 143'
uses='dovecot-imapd curl'

# shellcheck source=../lib/mail.sh
source "$testdata/record/lib/mail.sh"

prepare() { mailbox server; }

play() {
    local curl=(on client curl -sS -k -u ada:letmein)
    "${curl[@]}" "imaps://$S4/"
    "${curl[@]}" "imaps://$S4/INBOX;MAILINDEX=1"
    "${curl[@]}" "imap://$S4/INBOX" -X 'SEARCH ALL'
}

truth() {
    service tcp "$S4" 993 imaps
    service tcp "$S4" 143 imap
    expect 'tls.handshake.type == 1' 2
    expect 'imap' 6
}
