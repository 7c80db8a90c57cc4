about='strings, lists and a counter on the usual port; a few commands on port 16380'
uses='redis-server redis-tools'
format=pcap

prepare() {
    local port
    for port in 6379 16380; do
        start server redis-server --port "$port" --bind 0.0.0.0 --protected-mode no --save '' --dir "$work"
        listening server tcp "$port"
    done
}

play() {
    printf '%s\n' 'SET ship Victoria' 'GET ship' 'INCR crew' 'RPUSH ports Genoa Lisbon' 'LRANGE ports 0 -1' 'GET nothing' |
        on client redis-cli -h "$S4"
    printf '%s\n' 'PING' 'SET ship Trinidad' 'GET ship' | on client redis-cli -h "$S4" -p 16380
}

truth() {
    service tcp "$S4" 6379 redis
    service tcp "$S4" 16380 redis 'odd port'
    expect 'tcp.len > 0' 18
}
