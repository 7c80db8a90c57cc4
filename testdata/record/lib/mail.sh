# shellcheck shell=bash
# A mail server for example.test with the mailbox of ada, password letmein.

# mail_server HOST: Postfix on ports 25 and 587, Dovecot on 110, 143, 993 and 995.
mail_server() {
    local postfix=$work/postfix
    certificate mail
    mkdir -p "$work/mail" "$work/dovecot" "$postfix/etc"
    install -d -o postfix "$postfix/data"
    chown nobody: "$work/mail"
    echo "ada:{PLAIN}letmein:65534:65534::$work/mail" >"$work/passwd"
    cat >"$work/dovecot.conf" <<CONF
base_dir = $work/dovecot
log_path = /dev/stderr
protocols = imap pop3
ssl = yes
ssl_cert = <$work/mail.crt
ssl_key = <$work/mail.key
disable_plaintext_auth = no
mail_location = maildir:$work/mail/%n/
first_valid_uid = 1
passdb {
  driver = passwd-file
  args = $work/passwd
}
userdb {
  driver = passwd-file
  args = $work/passwd
}
service auth {
  unix_listener $work/auth {
    mode = 0666
  }
}
CONF
    cat >"$postfix/etc/main.cf" <<CONF
compatibility_level = 3.6
queue_directory = $postfix/spool
data_directory = $postfix/data
maillog_file = /dev/stdout
maillog_file_prefixes = /dev
myhostname = mail.example.test
mydestination =
inet_protocols = ipv4
smtpd_banner = \$myhostname ESMTP
smtpd_tls_cert_file = $work/mail.crt
smtpd_tls_key_file = $work/mail.key
smtpd_tls_security_level = may
smtpd_sasl_type = dovecot
smtpd_sasl_path = $work/auth
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
virtual_mailbox_domains = example.test
virtual_mailbox_base = $work/mail
virtual_mailbox_maps = static:ada/
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
virtual_minimum_uid = 1
CONF
    sed -E 's/^(\S+\s+\S+\s+\S+\s+\S+\s+)y/\1n/' /etc/postfix/master.cf >"$postfix/etc/master.cf"
    cat >>"$postfix/etc/master.cf" <<CONF
submission inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt -o smtpd_sasl_auth_enable=yes
CONF
    mkdir -p "$postfix/spool"
    postfix -c "$postfix/etc" check >"$work/log/check" 2>&1
    start "$1" dovecot -F -c "$work/dovecot.conf"
    start "$1" postfix -c "$postfix/etc" start-fg
    listening "$1" tcp 993
    listening "$1" tcp 587
}

# mailbox HOST: the same with a letter in the mailbox.
mailbox() {
    mail_server "$1"
    send_mail "$1" 127.0.0.1 25 'A letter' >"$work/log/letter"
    # shellcheck disable=SC2016
    until_true sh -c 'ls "$0"/mail/ada/new/*' "$work"
}

# send_mail HOST ADDRESS PORT SUBJECT [SWAKS-OPTION...]
send_mail() {
    on "$1" swaks --server "$2" --port "$3" --helo "$1.example.test" --from gerard@example.test \
        --to ada@example.test --header "Subject: $4" --header 'X-Mailer: portolan test' \
        --body "$(prose 600)" "${@:5}"
}
