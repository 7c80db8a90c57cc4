about='a queue is declared, two messages are put in and one is taken out'
uses='rabbitmq-server amqp-tools'

prepare() {
    mkdir "$work/rabbit"
    printf '%s\n' 'loopback_users = none' 'listeners.tcp.1 = 10.77.0.1:5672' >"$work/rabbit/rabbitmq.conf"
    start server env HOME="$work/rabbit" RABBITMQ_NODENAME=rabbit@localhost RABBITMQ_CONFIG_FILE="$work/rabbit/rabbitmq.conf" \
        RABBITMQ_MNESIA_BASE="$work/rabbit" RABBITMQ_LOG_BASE="$work/rabbit" RABBITMQ_LOGS=- \
        RABBITMQ_ENABLED_PLUGINS_FILE="$work/rabbit/plugins" RABBITMQ_PID_FILE="$work/rabbit/pid" \
        /usr/lib/rabbitmq/bin/rabbitmq-server
    listening server tcp 5672
    sleep 2
}

play() {
    local server=(-s "$S4")
    on client amqp-declare-queue "${server[@]}" -q ships -d
    on client amqp-publish "${server[@]}" -r ships -b 'Victoria has sailed'
    on client amqp-publish "${server[@]}" -r ships -b 'Trinidad has sailed'
    on client amqp-get "${server[@]}" -q ships
}

truth() {
    service tcp "$S4" 5672 amqp
    expect 'amqp' 20
}
