# shellcheck shell=bash
# Open vSwitch with its datapath in user space: tags and tunnels which do not
# need modules of the kernel.

# vswitch HOST: starts it.
vswitch() {
    local dir=$work/ovs-$1
    mkdir "$dir"
    ovsdb-tool create "$dir/conf.db" /usr/share/openvswitch/vswitch.ovsschema
    start "$1" env OVS_RUNDIR="$dir" ovsdb-server "$dir/conf.db" --remote="punix:$dir/db.sock" --unixctl="$dir/db.ctl"
    until_true test -S "$dir/db.sock"
    vsctl "$1" --no-wait init
    start "$1" env OVS_RUNDIR="$dir" ovs-vswitchd "unix:$dir/db.sock" --unixctl="$dir/vswitchd.ctl"
}

# vsctl HOST ARGUMENT...
vsctl() {
    local name=$1
    shift
    on "$name" ovs-vsctl --timeout=20 --db="unix:$work/ovs-$name/db.sock" "$@"
}

# number HOST INTERFACE ADDRESS/LENGTH
number() {
    ip netns exec "$tag-$1" ethtool -K "$2" tx off >/dev/null
    ip -n "$tag-$1" link set "$2" up
    ip -n "$tag-$1" address add "$3" dev "$2"
}
