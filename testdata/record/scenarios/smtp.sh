about='a letter in the clear, one after STARTTLS, and a refused recipient'
uses='postfix swaks'
format=pcap

# shellcheck source=../lib/mail.sh
source "$testdata/record/lib/mail.sh"

prepare() { mail_server server; }

play() {
    send_mail client "$S4" 25 'From the harbour'
    send_mail client "$S4" 25 'Sealed' --tls
    ! send_mail client "$S4" 25 'To nobody here' --to ada@elsewhere.test
}

truth() {
    service tcp "$S4" 25 smtp
    expect 'smtp.response.code == 250' 6
    expect 'smtp.response.code == 554' 1
    expect 'tls.handshake.type == 1' 1
}
