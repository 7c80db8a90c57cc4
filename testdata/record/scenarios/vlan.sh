about='pings and a web page with the tag of VLAN 10'
uses='openvswitch-switch nginx-light curl iputils-ping'
format=pcap

# shellcheck source=../lib/ovs.sh
source "$testdata/record/lib/ovs.sh"
# shellcheck source=../lib/inner.sh
source "$testdata/record/lib/inner.sh"

prepare() {
    local name
    for name in client server; do
        vswitch "$name"
        vsctl "$name" add-br trunk -- set bridge trunk datapath_type=netdev -- add-port trunk eth0 \
            -- add-port trunk staff tag=10 -- set interface staff type=internal
    done
    number client staff 10.78.0.10/24
    number server staff 10.78.0.1/24
    inner_server
}

truth() { inner_truth 'VLAN 10' 'vlan.id == 10'; }
