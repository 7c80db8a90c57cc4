# shellcheck shell=bash
# A file server with one share.

# smb_server HOST: share `charts`, user root, password letmein.
smb_server() {
    mkdir -p "$work/smb" "$work/share"
    prose 8000 >"$work/share/chart.txt"
    cat >"$work/smb.conf" <<CONF
[global]
workgroup = EXAMPLE
netbios name = ${1^^}
server string = file server
server role = standalone server
smb ports = 445
disable netbios = yes
load printers = no
private dir = $work/smb
state directory = $work/smb
cache directory = $work/smb
lock directory = $work/smb
pid directory = $work/smb
ncalrpc dir = $work/smb
[charts]
path = $work/share
read only = no
CONF
    printf 'letmein\nletmein\n' | on "$1" smbpasswd -c "$work/smb.conf" -s -a root >/dev/null
    start "$1" smbd --foreground --no-process-group --debug-stdout -s "$work/smb.conf"
    listening "$1" tcp 445
}
