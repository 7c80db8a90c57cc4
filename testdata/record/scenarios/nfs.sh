about='a listing and a file by version 3, found through the portmapper, and by version 4'
uses='nfs-ganesha nfs-ganesha-vfs rpcbind libnfs-utils'

prepare() {
    mkdir "$work/export" "$work/run"
    prose 3000 >"$work/export/chart.txt"
    cat >"$work/ganesha.conf" <<CONF
NFS_CORE_PARAM {
    Protocols = 3, 4;
    MNT_Port = 20048;
    NLM_Port = 32803;
    Rquota_Port = 875;
    Enable_NLM = false;
    Enable_RQUOTA = false;
    Bind_addr = $S4;
}
NFSv4 { Graceless = true; RecoveryRoot = $work/run; Minor_Versions = 0; }
EXPORT {
    Export_Id = 1;
    Path = $work/export;
    Pseudo = /export;
    Access_Type = RW;
    Squash = No_Root_Squash;
    SecType = sys;
    Protocols = 3, 4;
    FSAL { Name = VFS; }
}
CONF
    start server sh -c 'mount -t tmpfs tmpfs /run && mkdir /run/rpcbind && exec rpcbind -f -w -h "$0"' "$S4"
    listening server tcp 111
    start server sh -c 'mount -t tmpfs tmpfs /run && exec ganesha.nfsd -F -L STDOUT -f "$0" -p "$1"' \
        "$work/ganesha.conf" "$work/ganesha.pid"
    listening server tcp 2049
    listening server tcp 20048
    sleep 2
}

play() {
    on client nfs-ls "nfs://$S4$work/export"
    on client nfs-cat "nfs://$S4$work/export/chart.txt"
    on client nfs-ls "nfs://$S4/export?version=4"
    on client nfs-cat "nfs://$S4/export/chart.txt?version=4"
}

truth() {
    service tcp "$S4" 111 sunrpc
    service tcp "$S4" 2049 nfs
    service tcp "$S4" 20048 mountd
    expect 'nfs.procedure_v3 == 6' 2
    expect 'nfs.procedure_v4 == 1' 4
}
