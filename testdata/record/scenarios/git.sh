about='a clone over IPv4, the references over IPv6'
uses='git'

prepare() {
    local git=(git -c user.name=Ada -c user.email=ada@example.test -c init.defaultBranch=main)
    "${git[@]}" init -q "$work/git/charts"
    prose 4000 >"$work/git/charts/chart.txt"
    "${git[@]}" -C "$work/git/charts" add chart.txt
    "${git[@]}" -C "$work/git/charts" commit -qm 'Draw a chart'
    start server env HOME="$work" GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*' \
        git daemon --reuseaddr --base-path="$work/git" --export-all
    listening server tcp 9418
}

play() {
    on client git clone "git://$S4/charts" "$work/clone"
    on client git ls-remote "git://[$S6]/charts"
}

truth() {
    service tcp "$S4" 9418 git
    service tcp "$S6" 9418 git
    expect 'git' 6
}
