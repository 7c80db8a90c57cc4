about='a letter after STARTTLS and a login'
uses='postfix dovecot-core swaks'

# shellcheck source=../lib/mail.sh
source "$testdata/record/lib/mail.sh"

prepare() { mail_server server; }

play() {
    send_mail client "$S4" 587 'To be delivered' --tls --auth PLAIN --auth-user ada --auth-password letmein
}

truth() {
    service tcp "$S4" 587 submission
    expect 'tls.handshake.type == 1' 1
    expect 'tls.app_data' 6
}
