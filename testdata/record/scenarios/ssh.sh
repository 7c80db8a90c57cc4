about='a public-key login which runs two commands, and a refused one'
uses='openssh-server openssh-client'
format=pcap

# shellcheck source=../lib/ssh.sh
source "$testdata/record/lib/ssh.sh"

prepare() {
    ssh_server server 22
}

play() {
    ssh_client client "$S4" 'uptime; ls /usr/bin | head -n 20'
    ! on client ssh -F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
        -o IdentitiesOnly=yes -o IdentityFile=none -o BatchMode=yes "$S4" true
}

truth() {
    service tcp "$S4" 22 ssh
    expect 'ssh.protocol' 4
    expect 'ssh.message_code == 21' 2
}
