about='pings and a web page with two tags, 100 outside (802.1ad) and 10 within'
uses='openvswitch-switch nginx-light curl iputils-ping'

# shellcheck source=../lib/ovs.sh
source "$testdata/record/lib/ovs.sh"
# shellcheck source=../lib/inner.sh
source "$testdata/record/lib/inner.sh"

prepare() {
    local name
    for name in client server; do
        # Room for the tags.
        ip -n "$tag-$name" link set eth0 mtu 1508
        vswitch "$name"
        vsctl "$name" set open_vswitch . other_config:vlan-limit=2
        vsctl "$name" add-br carrier -- set bridge carrier datapath_type=netdev -- add-port carrier eth0 \
            -- add-port carrier up vlan_mode=dot1q-tunnel tag=100 \
            -- set interface up type=patch options:peer=down
        vsctl "$name" add-br trunk -- set bridge trunk datapath_type=netdev \
            -- add-port trunk down -- set interface down type=patch options:peer=up \
            -- add-port trunk staff tag=10 -- set interface staff type=internal
    done
    number client staff 10.78.0.10/24
    number server staff 10.78.0.1/24
    inner_server
}

truth() { inner_truth 'VLAN 10 within VLAN 100' 'ieee8021ad'; }
