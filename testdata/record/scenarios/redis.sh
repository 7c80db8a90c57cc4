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
    local redis=(on client redis-cli -h "$S4")
    "${redis[@]}" SET ship Victoria
    "${redis[@]}" GET ship
    "${redis[@]}" -r 3 INCR crew
    "${redis[@]}" RPUSH ports Genoa Lisbon
    "${redis[@]}" LRANGE ports 0 -1
    "${redis[@]}" -3 GET nothing
    "${redis[@]}" -p 16380 SET ship Trinidad
    "${redis[@]}" -p 16380 GET ship
}

truth() {
    service tcp "$S4" 6379 redis
    service tcp "$S4" 16380 redis 'odd port'
    expect 'tcp.len > 0' 18
}
