about='one file fetched, one stored'
uses='tftpd-hpa tftp-hpa'
format=pcap

prepare() {
    mkdir -m 777 "$work/tftp"
    prose 5000 >"$work/tftp/boot.txt"
    start server in.tftpd -L -s --create --user root --permissive --port-range 49152:49200 --address "$S4:69" "$work/tftp"
    listening server udp 69
}

play() {
    cd "$work"
    on client tftp -m binary "$S4" -c get boot.txt
    on client tftp -m octet "$S4" -c put boot.txt copy.txt
    cmp "$work/tftp/boot.txt" "$work/tftp/copy.txt"
}

truth() {
    service udp "$S4" 69 tftp
    service udp "$S4" '*' tftp 'answers and data come from a new port'
    expect 'tftp.opcode == 3' 18
}
