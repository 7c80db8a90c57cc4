about='a tracker over HTTP, one peer takes a file from the other'
uses='opentracker aria2 mktorrent'

prepare() {
    mkdir "$work/seed" "$work/leech"
    prose 30000 >"$work/seed/chart.txt"
    mktorrent -l 15 -a "http://$S4:6969/announce" -o "$work/chart.torrent" "$work/seed/chart.txt" >"$work/log/mktorrent"
    aria2c -S "$work/chart.torrent" | gawk '/^Info Hash:/ { print $3 }' >"$work/whitelist"
    start server opentracker -i "$S4" -p 6969 -P 6969 -d "$work" -u nobody -w /whitelist
    listening server tcp 6969
}

play() {
    local aria2=(aria2c --no-conf --enable-dht=false --enable-dht6=false --bt-enable-lpd=false --disable-ipv6
        --summary-interval=0 --allow-overwrite --bt-stop-timeout=20)
    start server "${aria2[@]}" --listen-port=6881 --check-integrity --seed-ratio=0.0 --dir="$work/seed" "$work/chart.torrent"
    listening server tcp 6881
    sleep 2
    on client "${aria2[@]}" --listen-port=6882 --seed-time=0 --dir="$work/leech" "$work/chart.torrent"
    cmp "$work/seed/chart.txt" "$work/leech/chart.txt"
}

truth() {
    service tcp "$S4" 6969 http 'BitTorrent tracker'
    service tcp "$S4" '*' bittorrent
    expect 'bittorrent.msg.type == 7' 2
}
