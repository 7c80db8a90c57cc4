# shellcheck shell=bash
# Names without a server: Avahi.

# avahi HOST [TYPE PORT NAME]: with a service to announce.
avahi() {
    local config=$work/avahi-$1
    mkdir -p "$config/services"
    cat >"$config/avahi-daemon.conf" <<CONF
[server]
host-name=$1
allow-interfaces=eth0
ratelimit-interval-usec=1000000
ratelimit-burst=1000
[publish]
publish-workstation=no
CONF
    if (($# > 1)); then
        cat >"$config/services/it.service" <<XML
<?xml version="1.0" standalone="no"?>
<!DOCTYPE service-group SYSTEM "avahi-service.dtd">
<service-group><name>$4</name><service><type>$2</type><port>$3</port></service></service-group>
XML
    fi
    # A message bus of its own lets avahi-browse ask this daemon. The shell
    # stays for `avahi_browse` to enter its mount namespace.
    # shellcheck disable=SC2016
    start "$1" sh -c '
        echo $$ >"$0.pid"
        mount --bind "$0" /etc/avahi
        mount -t tmpfs tmpfs /run
        mkdir /run/dbus
        dbus-daemon --system --fork --nopidfile
        avahi-daemon --no-drop-root --no-rlimits
        sleep 600' "$config"
    listening "$1" udp 5353
}

# avahi_browse HOST TYPE
avahi_browse() {
    ip netns exec "$tag-$1" nsenter --mount --target "$(cat "$work/avahi-$1.pid")" avahi-browse -rt "$2"
}
