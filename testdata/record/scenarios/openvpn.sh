about='a tunnel by TLS over UDP, and pings through it'
uses='openvpn'

prepare() {
    local name
    for name in client server; do certificate "$name"; done
    print() { openssl x509 -in "$work/$1.crt" -noout -fingerprint -sha256 | cut -d= -f2; }
    common=(--dev tun0 --dev-type tun --proto udp4 --ifconfig-noexec --data-ciphers AES-256-GCM --verb 3)
    start server openvpn "${common[@]}" --tls-server --dh none --lport 1194 --local "$S4" \
        --cert "$work/server.crt" --key "$work/server.key" --peer-fingerprint "$(print client)"
    until_true ip -n "$tag-server" link show tun0
    listening server udp 1194
}

play() {
    start client openvpn "${common[@]}" --tls-client --nobind --remote "$S4" 1194 \
        --cert "$work/client.crt" --key "$work/client.key" --peer-fingerprint "$(print server)"
    until_true ip -n "$tag-client" link show tun0
    ip -n "$tag-server" address add 10.78.0.1/24 dev tun0
    ip -n "$tag-client" address add 10.78.0.10/24 dev tun0
    ip -n "$tag-server" link set tun0 up
    ip -n "$tag-client" link set tun0 up
    until_true grep -rq 'Initialization Sequence Completed' "$work/log"
    until_true on client ping -c 1 -W 1 10.78.0.1
    on client ping -c 3 -i 0.2 10.78.0.1
}

truth() {
    service udp "$S4" 1194 openvpn
    expect 'openvpn' 12
}
