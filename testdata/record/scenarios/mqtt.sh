about='a subscriber gets messages of quality of service 0, 1 and 2; version 5 and 3.1.1'
uses='mosquitto mosquitto-clients'
format=pcap

# shellcheck source=../lib/mqtt.sh
source "$testdata/record/lib/mqtt.sh"

prepare() {
    mqtt_server server
}

play() {
    local quality
    start client mosquitto_sub -h "$S4" -t 'sea/#' -q 2 -C 4 -V 5
    sleep 1
    for quality in 0 1 2; do
        on client mosquitto_pub -h "$S4" -t sea/depth -m "$quality fathoms" -q "$quality" -V 5
    done
    on client mosquitto_pub -h "$S4" -t sea/wind -m west -V 311
    sleep 1
}

truth() {
    service tcp "$S4" 1883 mqtt
    expect 'mqtt.msgtype == 1' 5
    expect 'mqtt.msgtype == 3' 8
}
