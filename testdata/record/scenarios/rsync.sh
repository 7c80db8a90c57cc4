about='the modules, a download and an upload'
uses='rsync'
format=pcap

prepare() {
    mkdir "$work/charts"
    prose 7000 >"$work/charts/chart.txt"
    printf '%s\n' 'use chroot = no' 'uid = root' 'gid = root' '[charts]' "path = $work/charts" 'read only = no' 'comment = charts of the coast' >"$work/rsyncd.conf"
    start server rsync --daemon --no-detach --config="$work/rsyncd.conf"
    listening server tcp 873
}

play() {
    on client rsync "rsync://$S4/"
    on client rsync -a "rsync://$S4/charts/" "$work/copy/"
    prose 3000 >"$work/copy/more.txt"
    on client rsync -az "$work/copy/" "rsync://$S4/charts/"
}

truth() {
    service tcp "$S4" 873 rsync
    expect 'rsync' 10
}
