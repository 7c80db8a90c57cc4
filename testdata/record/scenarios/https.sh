about='TLS 1.3 with HTTP/2 over IPv4 and IPv6, TLS 1.2 with HTTP/1.1'
uses='nginx-light curl'

# shellcheck source=../lib/web.sh
source "$testdata/record/lib/web.sh"

prepare() {
    certificate www
    web_server server "listen 443 ssl http2; listen [::]:443 ssl http2;
        ssl_certificate $work/www.crt; ssl_certificate_key $work/www.key;"
    listening server tcp 443
}

play() {
    local address curl=(curl -sS --cacert "$work/www.crt" -o /dev/null)
    for address in "$S4" "[$S6]"; do
        on client "${curl[@]}" --resolve "www.example.test:443:$address" https://www.example.test/chart.txt
    done
    on client "${curl[@]}" --resolve "www.example.test:443:$S4" --http1.1 --tls-max 1.2 https://www.example.test/
}

truth() {
    service tcp "$S4" 443 https
    service tcp "$S6" 443 https
    expect 'tls.handshake.type == 1 && tls.handshake.extensions_server_name == "www.example.test"' 3
    expect 'tls.app_data' 6
}
