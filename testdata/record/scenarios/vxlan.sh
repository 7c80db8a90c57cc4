about='pings and a web page within VXLAN 42'
uses='nginx-light curl iputils-ping'

# shellcheck source=../lib/inner.sh
source "$testdata/record/lib/inner.sh"

prepare() {
    ip -n "$tag-client" link add vx0 address 02:70:6f:72:74:f0 type vxlan id 42 local "$C4" remote "$S4" dstport 4789 dev eth0
    ip -n "$tag-server" link add vx0 address 02:70:6f:72:74:f1 type vxlan id 42 local "$S4" remote "$C4" dstport 4789 dev eth0
    plug client vx0 240 10.78.0.10/24
    plug server vx0 241 10.78.0.1/24
    inner_server
    sleep 1
}

truth() {
    service udp "$S4" 4789 vxlan
    service udp "$C4" 4789 vxlan
    inner_truth 'within VXLAN' vxlan
}
