about='three calls, set up and ended, over UDP; two over TCP on port 5070'
uses='sip-tester'
format=pcap

prepare() {
    start server env TERM=dumb sipp -sn uas -i "$S4" -p 5060 -bg -nostdin
    start server env TERM=dumb sipp -sn uas -i "$S4" -p 5070 -t t1 -bg -nostdin
    listening server udp 5060
    listening server tcp 5070
}

play() {
    cd "$work"
    on client env TERM=dumb sipp -sn uac -i "$C4" -p 5061 -m 3 -r 2 -d 200 -nostdin "$S4:5060"
    on client env TERM=dumb sipp -sn uac -i "$C4" -p 5062 -m 2 -r 2 -d 200 -t t1 -nostdin "$S4:5070"
}

truth() {
    service udp "$S4" 5060 sip
    service tcp "$S4" 5070 sip 'odd port'
    expect 'sip.Method == "INVITE"' 5
    expect 'sip.Status-Code == 200' 10
}
