# shellcheck shell=bash
# Helpers shared by `run` and the scenarios: hosts made of network namespaces,
# programs run on them, the recording, and the comparison of what was recorded
# with what was started.

testdata=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
scenarios=$testdata/record/scenarios

# Addresses of the two hosts of most scenarios.
C4=10.77.0.10 C6=fd77::10
S4=10.77.0.1 S6=fd77::1

say() { printf '%s\n' "$*" >&2; }
die() { say "record: $*"; exit 1; }

# --- scenarios ---------------------------------------------------------------

names_of_scenarios() {
    local file
    for file in "$scenarios"/*.sh; do basename "$file" .sh; done
}

# each FUNCTION [SCENARIO...]: calls it for all of them, or for some.
each() {
    local one=$1 all failed=() name status
    shift
    (($#)) || mapfile -t all < <(names_of_scenarios)
    for name in "${@:-${all[@]}}"; do
        [[ -e $scenarios/$name.sh ]] || die "no scenario $name"
        # Not `one || ...`, which would switch `set -e` off within it.
        set +e
        "$one" "$name"
        status=$?
        set -e
        ((status == 0)) || failed+=("$name")
    done
    ((${#failed[@]} == 0)) || die "failed: ${failed[*]}"
}

# stage SCENARIO: brings its hosts and servers up; they go when the subshell ends.
stage() {
    scenario=$1
    tag=portolan-$BASHPID
    work=$(mktemp -d "/tmp/$tag.XXXXXX")
    hosts=() started=0
    chmod 755 "$work"
    mkdir "$work/log"
    trap leave EXIT

    # What a scenario may set, and has to define.
    about='' uses='' format=pcapng snaplen=262144 precision=micro decode=() limit=100000
    network() { pair; }
    prepare() { :; }
    record_at=(server eth0)
    # shellcheck source=/dev/null
    source "$scenarios/$scenario.sh"

    network
    prepare
}

leave() {
    local status=$?
    stop_hosts
    if ((status)); then
        say "--- $scenario failed; its programs said:"
        tail -n 15 "$work"/log/* >&2 || true
    fi
    if [[ ${KEEP:-} ]]; then say "kept $work"; else rm -rf "$work"; fi
}

# --- hosts -----------------------------------------------------------------

# host NAME: an empty namespace which stands for a computer of that name.
host() {
    ip netns add "$tag-$1"
    hosts+=("$1")
    ip -n "$tag-$1" link set lo up
    on "$1" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 \
        net.ipv6.conf.default.router_solicitations=0 \
        net.ipv4.ip_unprivileged_port_start=0 net.ipv4.ping_group_range='0 2147483647'
}

# plug HOST INTERFACE NUMBER [ADDRESS/LENGTH...]: names the other end of a
# cable, gives it a recognisable MAC address and sizes as on a real wire.
plug() {
    local ns=$tag-$1 dev=$2 number=$3 address
    shift 3
    ip -n "$ns" link set "$dev" address "02:70:6f:72:74:$(printf %02x "$number")"
    ip netns exec "$ns" ethtool -K "$dev" tx off rx off tso off gso off gro off >/dev/null 2>&1
    ip -n "$ns" link set "$dev" up
    for address; do
        ip -n "$ns" address add "$address" dev "$dev" ${address:+$([[ $address == *:* ]] && echo nodad)}
    done
}

# pair: client and server, joined by one cable.
pair() {
    host client
    host server
    ip link add eth0 netns "$tag-client" type veth peer name eth0 netns "$tag-server"
    plug client eth0 10 "$C4/24" "$C6/64"
    plug server eth0 1 "$S4/24" "$S6/64"
    names "$S4" server "$S6" server "$C4" client "$C6" client
    sleep 1
}

# names ADDRESS NAME ...: the hosts file which all hosts share.
names() {
    echo '127.0.0.1 localhost' >"$work/hosts"
    while (($#)); do
        echo "$1 $2.example.test $2" >>"$work/hosts"
        shift 2
    done
}

# on HOST COMMAND...: runs a program there, under that host's name and with
# the shared hosts file.
on() {
    local name=$1
    shift
    # shellcheck disable=SC2016
    ip netns exec "$tag-$name" unshare --uts --mount sh -c '
        hostname "$1"
        [ ! -e "$2/hosts" ] || mount --bind "$2/hosts" /etc/hosts
        [ ! -e "$2/resolv.conf" ] || mount --bind "$2/resolv.conf" /etc/resolv.conf
        shift 2
        exec "$@"' sh "$name" "$work" "$@"
}

# start HOST COMMAND...: the same in the background; what it says is shown if
# the scenario fails.
start() {
    local log
    ((++started))
    log=$work/log/$(printf %02d "$started")-$1-$(basename "$2")
    on "$@" >"$log" 2>&1 </dev/null &
    disown
}

# listening HOST tcp|udp PORT: waits for a server without sending a packet.
listening() {
    local try
    for ((try = 0; try < 300; try++)); do
        [[ -z $(ip netns exec "$tag-$1" ss -Hln "--$2" "sport = :$3") ]] || return 0
        sleep 0.1
    done
    die "nothing listens on $2 port $3 of $1"
}

# until_true COMMAND...: tries for half a minute.
until_true() {
    local try
    for ((try = 0; try < 100; try++)); do
        ! "$@" >/dev/null 2>&1 || return 0
        sleep 0.3
    done
    die "never came true: $*"
}

# stop_hosts: ends what still runs on the hosts and takes them away.
stop_hosts() {
    local name pids
    for name in "${hosts[@]}"; do
        pids=$(ip netns pids "$tag-$name" 2>/dev/null) || continue
        # shellcheck disable=SC2086
        [[ -z $pids ]] || kill -KILL $pids 2>/dev/null || true
        ip netns delete "$tag-$name"
    done
    hosts=()
}

# still: no host sends any more, so that two programs can begin, or end, with the same packet.
still() { every_device replace blackhole; }

# flow: they send again.
flow() { every_device delete; }

# every_device VERB [KIND]: changes how devices of all hosts send.
every_device() {
    local name device
    for name in "${hosts[@]}"; do
        for device in $(on "$name" ls /sys/class/net); do
            [[ $device == lo ]] || tc -n "$tag-$name" qdisc "$1" dev "$device" root "${@:2}"
        done
    done
}

# --- common material ---------------------------------------------------------

# certificate NAME: $work/NAME.crt and $work/NAME.key for NAME.example.test.
certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 \
        -subj "/O=Portolan Test/CN=$1.example.test" \
        -addext "subjectAltName=DNS:$1.example.test" \
        -keyout "$work/$1.key" -out "$work/$1.crt" 2>/dev/null
    chmod 644 "$work/$1.key"
}

# prose BYTES: that much harmless text.
prose() {
    local text='A portolan is a chart of coasts and harbours, drawn from the bearings sailors took. '
    while ((${#text} < $1)); do text+=$text; done
    printf '%s' "${text:0:$1}"
}

# --- the recording -------------------------------------------------------------

# record HOST INTERFACE: begins to record into $work/raw.
record() {
    ip netns exec "$tag-$1" tcpdump -i "$2" -n -U -s "$snaplen" --immediate-mode -B 16384 \
        --time-stamp-precision "$precision" -w "$work/raw" 2>"$work/tcpdump" &
    recorder=$!
    until_true grep -q 'listening on' "$work/tcpdump"
    sleep 0.3
}

stop_recording() {
    sleep 1
    kill -INT "$recorder"
    wait "$recorder" || true
    grep -q '^0 packets dropped by kernel' "$work/tcpdump" || die "tcpdump lost packets"
}

# --- what was spoken -------------------------------------------------------------

# service tcp|udp ADDRESS PORT SPOKEN [NOTE]: an endpoint which the recording
# has to show. A PORT of * stands for every port not named by another line; a
# NOTE holds no comma.
service() { echo "$1,$2,$3,$4,${5:-}" >>"$work/services"; }

# perhaps ...: the same, for an endpoint which only a slow machine makes appear.
perhaps() { echo "$1,$2,$3,$4,${5:-},perhaps" >>"$work/services"; }

# expect FILTER COUNT: at least so many packets pass the display filter.
expect() {
    local count
    count=$(tshark -n -r "$work/capture" "${decode[@]}" -Y "$1" 2>/dev/null | wc -l)
    ((count >= $2)) || die "$scenario: $count packets are '$1', expected $2"
}

# endpoints: `transport address port handshake` of every conversation in the
# capture, at each depth of encapsulation. The server is who got the SYN or,
# over UDP, the first packet; both ends are printed for UDP.
endpoints() {
    tshark -n -r "$work/capture" -T fields -E occurrence=a -E aggregator=, -E separator=/t \
        -o ip.defragment:FALSE -o ipv6.defragment:FALSE \
        -e frame.protocols -e ip.src -e ip.dst -e ipv6.src -e ipv6.dst \
        -e tcp.srcport -e tcp.dstport -e tcp.flags -e udp.srcport -e udp.dstport 2>/dev/null |
        gawk -F'\t' '
        {
            depth = split($1, layer, ":")
            split($2, s4, ","); split($3, d4, ","); split($4, s6, ","); split($5, d6, ",")
            split($6, ts, ","); split($7, td, ","); split($8, flags, ",")
            split($9, us, ","); split($10, ud, ",")
            i4 = i6 = t = u = 0
            for (i = 1; i <= depth; i++) {
                if (layer[i] == "ip") { i4++; src = s4[i4]; dst = d4[i4] }
                else if (layer[i] == "ipv6") { i6++; src = s6[i6]; dst = d6[i6] }
                else if (layer[i] ~ /^icmp/) break
                else if (layer[i] == "tcp") {
                    t++
                    syn = and(strtonum(flags[t]), 18)
                    if (syn == 2) asked["tcp " dst " " td[t]] = 1
                    if (syn == 18) answered["tcp " src " " ts[t]] = 1
                } else if (layer[i] == "udp") {
                    u++
                    if (!((dst, ud[u], src, us[u]) in flow)) flow[src, us[u], dst, ud[u]] = 1
                }
            }
        }
        END {
            for (e in asked) print e, (e in answered) ? "yes" : "no"
            for (f in flow) {
                split(f, p, SUBSEP)
                print "udp", p[3], p[4], "no", p[1], p[2]
            }
        }'
}

# verify: prints the rows of services.csv, or fails where the services named
# and the conversations recorded differ.
verify() {
    endpoints | gawk -v name="$(basename "$target")" '
        FNR == NR {
            split($0, f, ",")
            key = f[1] " " f[2] " " f[3]
            spoken[key] = f[4]; note[key] = f[5]; optional[key] = f[6]
            next
        }
        {
            key = $1 " " $2 " " $3
            back = $1 " " $5 " " $6
            if (!(key in spoken) && $1 == "udp" && back in spoken) key = back
            if (!(key in spoken)) {
                any = $1 " " $2 " *"
                back = $1 " " $5 " *"
                if (any in spoken) { seen[any] = 1; spoken[key] = spoken[any]; note[key] = note[any] }
                else if ($1 == "udp" && back in spoken) {
                    key = $1 " " $5 " " $6
                    seen[back] = 1; spoken[key] = spoken[back]; note[key] = note[back]
                } else { print "not expected: " key " from " $5 " " $6 >"/dev/stderr"; bad = 1; next }
            }
            seen[key] = 1
            split(key, k, " ")
            if ($4 == "yes" || !(key in shake)) shake[key] = $4
        }
        END {
            for (key in spoken) {
                if (!(key in seen) && optional[key]) continue
                if (!(key in seen)) { print "not recorded: " key " " spoken[key] >"/dev/stderr"; bad = 1 }
                split(key, k, " ")
                if (k[3] != "*")
                    print name "," k[1] "," k[2] "," k[3] "," spoken[key] "," shake[key] "," note[key]
            }
            exit bad
        }' "$work/services" -
}

# --- README and services.csv --------------------------------------------------------

# versions: the programs of $uses, Debian packages or NAME=VERSION.
versions() {
    local program version line=
    for program in $uses; do
        if [[ $program == *=* ]]; then
            version=${program#*=} program=${program%%=*}
        else
            # shellcheck disable=SC2016
            version=$(dpkg-query -W -f '${source:Upstream-Version}' "$program")
        fi
        line+="${line:+, }$program ${version%%[+~]*}"
    done
    echo "$line"
}

# enter ROW FILE: takes a README row and a file of truth rows into the tables,
# in place of older ones of the same capture.
enter() {
    local name table=$testdata/services.csv readme=$testdata/README.md
    name=$(basename "$target")
    {
        echo capture,transport,server_address,server_port,spoken,handshake,note
        { grep -v -e '^capture,' -e "^$name," "$table" 2>/dev/null || true; cat "$2"; } |
            LC_ALL=C sort -t, -k1,1 -k2,2 -k4,4n -k3,3
    } >"$work/table"
    mv "$work/table" "$table"
    gawk -v row="$1" -v mark="| \`$name\` |" '
        /^\| `/ && inside { if (index($0, mark) != 1) rows[++n] = $0; next }
        function flush(m, i) {
            rows[++n] = row
            m = asort(rows)
            for (i = 1; i <= m; i++) print rows[i]
            inside = 0
        }
        inside { flush() }
        { print }
        /^\| --- / && !done { inside = done = 1 }
        END { if (inside) flush() }' "$readme" >"$work/readme"
    mv "$work/readme" "$readme"
}
