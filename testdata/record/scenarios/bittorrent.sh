about='a tracker over HTTP, one peer takes a file from the other'
uses='opentracker aria2 mktorrent'

prepare() {
    mkdir "$work/seed" "$work/leech"
    prose 30000 >"$work/seed/chart.txt"
    mktorrent -l 15 -a "http://$S4:6969/announce" -o "$work/chart.torrent" "$work/seed/chart.txt" >"$work/log/mktorrent"
    : >"$work/none"
    start server opentracker -i "$S4" -p 6969 -P 6969 -d "$work"
    listening server tcp 6969
}

aria2() {
    local name=$1 port=$2 directory=$3
    shift 3
    on "$name" aria2c --no-conf --enable-dht=false --enable-dht6=false --bt-enable-lpd=false --disable-ipv6 \
        --listen-port="$port" --check-certificate=false --console-log-level=warn --summary-interval=0 \
        --allow-overwrite --dir="$directory" "$@" "$work/chart.torrent"
}

play() {
    local seed
    aria2 server 6881 "$work/seed" --check-integrity --seed-ratio=0.0 &
    seed=$!
    listening server tcp 6881
    sleep 2
    aria2 client 6882 "$work/leech" --seed-time=0
    kill "$seed"
    cmp "$work/seed/chart.txt" "$work/leech/chart.txt"
}

truth() {
    service tcp "$S4" 6969 http 'BitTorrent tracker'
    service tcp "$S4" '*' bittorrent
    expect 'bittorrent.msg.type == 7' 2
}
