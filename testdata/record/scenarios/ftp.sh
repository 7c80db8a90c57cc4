about='a listing and a download in passive mode, a download in active mode'
uses='vsftpd curl'
format=pcap

prepare() {
    mkdir -p "$work/ftp/pub" "$work/empty"
    chmod 555 "$work/ftp"
    prose 9000 >"$work/ftp/pub/chart.txt"
    cat >"$work/vsftpd.conf" <<CONF
listen=YES
background=NO
anonymous_enable=YES
anon_root=$work/ftp
secure_chroot_dir=$work/empty
seccomp_sandbox=NO
connect_from_port_20=YES
pasv_min_port=41000
pasv_max_port=41999
CONF
    start server vsftpd "$work/vsftpd.conf"
    listening server tcp 21
}

play() {
    on client curl -sS --disable-epsv "ftp://$S4/pub/"
    on client curl -sS "ftp://$S4/pub/chart.txt" -o /dev/null
    on client curl -sS --disable-eprt --ftp-port "$C4:42020-42020" "ftp://$S4/pub/chart.txt" -o /dev/null
}

truth() {
    service tcp "$S4" 21 ftp
    service tcp "$S4" '*' ftp-data passive
    service tcp "$C4" 42020 ftp-data 'active: the client listens and the server calls from port 20'
    expect 'ftp.response.code == 226' 3
    expect 'ftp-data' 3
}
