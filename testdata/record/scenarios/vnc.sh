about='a password login and one picture of the screen'
uses='tigervnc-standalone-server vncsnapshot'

prepare() {
    echo letmein | tigervncpasswd -f >"$work/password"
    start server Xtigervnc :7 -nolisten unix -geometry 96x64 -depth 16 -rfbport 5907 \
        -SecurityTypes VncAuth -PasswordFile "$work/password" -AlwaysShared
    listening server tcp 5907
}

play() {
    on client timeout 20 vncsnapshot -allowblank -encodings "raw hextile" -passwd "$work/password" "$S4:7" "$work/screen.jpg"
}

truth() {
    service tcp "$S4" 5907 rfb 'display 7'
    decode=(-d tcp.port==5907,vnc)
    expect 'vnc' 10
}
