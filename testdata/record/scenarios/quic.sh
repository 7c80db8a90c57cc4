about='HTTP/3 over QUIC: two pages over IPv4, one over IPv6'
uses='caddy niquests=3.21.2'

prepare() {
    certificate www
    mkdir "$work/site"
    prose 6000 >"$work/site/chart.txt"
    cat >"$work/Caddyfile" <<CONF
{
    admin off
    auto_https disable_redirects
}
https://www.example.test {
    tls $work/www.crt $work/www.key
    root * $work/site
    file_server
}
CONF
    start server env HOME="$work" caddy run --adapter caddyfile --config "$work/Caddyfile"
    listening server udp 443
    cat >"$work/fetch.py" <<'PYTHON'
import sys
import niquests

for path in sys.argv[1:]:
    with niquests.Session(disable_http1=True, disable_http2=True) as session:
        session.quic_cache_layer.add_domain("www.example.test", 443)
        answer = session.get("https://www.example.test" + path, verify=False, timeout=10)
        print(answer.http_version, answer.status_code, len(answer.content))
        assert answer.http_version == 30
PYTHON
}

play() {
    local python=$testdata/record/.venv/bin/python
    names "$S4" www
    on client "$python" "$work/fetch.py" /chart.txt /no-such-page
    names "$S6" www
    on client "$python" "$work/fetch.py" /chart.txt
}

truth() {
    service udp "$S4" 443 https 'HTTP/3 over QUIC'
    service udp "$S6" 443 https 'HTTP/3 over QUIC'
    expect 'quic.long.packet_type == 0' 6
    expect 'udp.port == 443' 20
}
