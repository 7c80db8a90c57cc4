# shellcheck shell=bash
# What is said within tunnels and behind tags: pings and a web page between
# 10.78.0.10 and 10.78.0.1.

# shellcheck source=web.sh
source "$testdata/record/lib/web.sh"

inner_server() {
    web_server server 'listen 80;'
    listening server tcp 80
}

play() {
    on client ping -c 2 -i 0.3 10.78.0.1
    on client curl -sS -o /dev/null http://10.78.0.1/chart.txt
}

inner_truth() {
    service tcp 10.78.0.1 80 http "$1"
    expect "$2 && http.response.code == 200" 1
    expect "$2 && icmp.type == 0" 2
}
