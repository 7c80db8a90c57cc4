# shellcheck shell=bash
# An SSH server and client with keys made on the fly.

# ssh_server HOST PORT
ssh_server() {
    mkdir -p "$work/ssh" /run/sshd
    [[ -e $work/ssh/user ]] || ssh-keygen -q -t ed25519 -N '' -C user@example.test -f "$work/ssh/user"
    ssh-keygen -q -t ed25519 -N '' -C "$1.example.test" -f "$work/ssh/$1"
    cp "$work/ssh/user.pub" "$work/ssh/authorized"
    cat >"$work/ssh/$1.conf" <<CONF
Port $2
HostKey $work/ssh/$1
AuthorizedKeysFile $work/ssh/authorized
PermitRootLogin yes
PasswordAuthentication no
UsePAM no
StrictModes no
PidFile none
Subsystem sftp internal-sftp
CONF
    start "$1" /usr/sbin/sshd -D -e -f "$work/ssh/$1.conf"
    listening "$1" tcp "$2"
}

# ssh_client HOST ADDRESS COMMAND [PORT]
ssh_client() {
    on "$1" ssh -F none -p "${4:-22}" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
        -o IdentitiesOnly=yes -o LogLevel=ERROR -i "$work/ssh/user" "root@$2" "$3" >/dev/null
}
