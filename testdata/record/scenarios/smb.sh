about='SMB 3 with an NTLM login: a listing, a file stored, a file fetched'
uses='samba smbclient'

# shellcheck source=../lib/smb.sh
source "$testdata/record/lib/smb.sh"

prepare() {
    smb_server server
}

play() {
    prose 3000 >"$work/letter.txt"
    on client smbclient -s "$work/smb.conf" -U root%letmein "//$S4/charts" -c "ls; put $work/letter.txt letter.txt; get chart.txt $work/got"
}

truth() {
    service tcp "$S4" 445 microsoft-ds
    expect 'smb2.cmd == 1' 4
    expect 'smb2' 20
}
