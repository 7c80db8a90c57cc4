# shellcheck shell=bash
# A message broker open to everyone.

# mqtt_server HOST
mqtt_server() {
    printf '%s\n' 'listener 1883' 'allow_anonymous true' 'user root' >"$work/mosquitto.conf"
    start "$1" mosquitto -c "$work/mosquitto.conf"
    listening "$1" tcp 1883
}
