# shellcheck shell=bash
# A log collector.

# syslog_server HOST
syslog_server() {
    cat >"$work/rsyslog.conf" <<CONF
module(load="imudp")
module(load="imtcp")
input(type="imudp" port="514")
input(type="imtcp" port="514")
input(type="imtcp" port="601")
*.* action(type="omfile" file="$work/messages")
CONF
    start "$1" rsyslogd -n -f "$work/rsyslog.conf" -i "$work/rsyslog.pid"
    listening "$1" udp 514
    listening "$1" tcp 601
}
