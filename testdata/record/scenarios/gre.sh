about='pings and a web page within Ethernet over GRE'
uses='openvswitch-switch nginx-light curl iputils-ping'
format=pcap

# shellcheck source=../lib/ovs.sh
source "$testdata/record/lib/ovs.sh"
# shellcheck source=../lib/inner.sh
source "$testdata/record/lib/inner.sh"

# gre_host HOST OUTER PEER INNER
gre_host() {
    ip -n "$tag-$1" address flush dev eth0
    vswitch "$1"
    vsctl "$1" add-br phy -- set bridge phy datapath_type=netdev -- add-port phy eth0
    vsctl "$1" add-br inner -- set bridge inner datapath_type=netdev -- set interface inner mtu_request=1400
    number "$1" phy "$2/24"
    number "$1" inner "$4/24"
    vsctl "$1" add-port inner gre0 -- set interface gre0 type=gre options:remote_ip="$3"
}

prepare() {
    gre_host client "$C4" "$S4" 10.78.0.10
    gre_host server "$S4" "$C4" 10.78.0.1
    inner_server
    on client ping -c 2 "$S4"
    until_true on client ping -c 1 -W 1 10.78.0.1
}

truth() { inner_truth 'within GRE' gre; }
