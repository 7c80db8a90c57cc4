about='a checkout, a commit and the log'
uses='subversion'
format=pcap

prepare() {
    svnadmin create "$work/repository"
    printf '[general]\nanon-access = write\n' >"$work/repository/conf/svnserve.conf"
    start server svnserve --daemon --foreground --root "$work"
    listening server tcp 3690
}

play() {
    local svn=(svn --non-interactive --config-dir "$work/svn")
    on client "${svn[@]}" checkout "svn://$S4/repository" "$work/copy"
    prose 2000 >"$work/copy/chart.txt"
    on client "${svn[@]}" add "$work/copy/chart.txt"
    on client "${svn[@]}" commit -m 'Draw a chart' "$work/copy"
    on client "${svn[@]}" log "svn://$S4/repository"
}

truth() {
    service tcp "$S4" 3690 svn
    expect 'tcp.len > 0' 20
}
