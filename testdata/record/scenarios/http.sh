about='three pages over IPv4, one of them missing, and one over IPv6'
uses='nginx-light curl'
format=pcap

# shellcheck source=../lib/web.sh
source "$testdata/record/lib/web.sh"

prepare() {
    web_server server 'listen 80; listen [::]:80;'
    listening server tcp 80
}

play() {
    on client curl -sS "http://$S4/" "http://$S4/chart.txt" -o /dev/null -o /dev/null
    on client curl -sS "http://$S4/no-such-page" -o /dev/null
    on client curl -sS "http://[$S6]/" -o /dev/null
}

truth() {
    service tcp "$S4" 80 http
    service tcp "$S6" 80 http
    expect 'http.response.code == 200' 3
    expect 'http.response.code == 404' 1
}
