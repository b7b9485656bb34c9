#!/usr/bin/env bash
# A Kafka broker of one node (KRaft) for tests, on the loopback address. Needs Java 17 and, for `install`, Maven.
#   ci/kafka.sh install                fetches it from Maven Central into build/kafka, once
#   ci/kafka.sh run FOLDER PORT ...    runs it in the foreground until it gets a signal; its data is in FOLDER, whose
#                                      log is kafka.log. Four ports: without security, of the controller, with a
#                                      password (SASL_PLAINTEXT), with a password and TLS (SASL_SSL)
# The users of the latter two are alice and bob with the password "wonder land" (PLAIN, SCRAM-SHA-256 and -512); bob may
# do nothing. The certificate is FOLDER/broker.pem, made by openssl.
set -euo pipefail
cd "$(dirname "$0")/.."
libs=$PWD/build/kafka/libs

install() {
    [ -e "$libs/.done" ] && return
    command -v java >/dev/null || { echo "Kafka needs Java 17 (Debian: openjdk-17-jre-headless)" >&2; exit 2; }
    command -v mvn >/dev/null || { echo "Kafka is fetched by Maven (Debian: maven)" >&2; exit 2; }
    mvn -q -B -f ci/kafka/pom.xml dependency:copy-dependencies -DoutputDirectory="$libs"
    touch "$libs/.done"
}

run() {
    local folder=$1 plain=$2 controller=$3 password=$4 tls=$5
    export CLASSPATH="$libs/*"
    local java="java -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1"
    local jaas='org.apache.kafka.common.security'
    if [ ! -e "$folder/log/meta.properties" ]; then
        mkdir -p "$folder"
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
            -keyout "$folder/key.pem" -out "$folder/broker.pem" 2>"$folder/openssl.log"
        cat "$folder/key.pem" "$folder/broker.pem" >"$folder/store.pem"
        cat >"$folder/server.properties" <<EOF
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
listeners=PLAINTEXT://127.0.0.1:$plain,CONTROLLER://127.0.0.1:$controller,SASL_PLAINTEXT://127.0.0.1:$password,SASL_SSL://127.0.0.1:$tls
advertised.listeners=PLAINTEXT://127.0.0.1:$plain,SASL_PLAINTEXT://127.0.0.1:$password,SASL_SSL://127.0.0.1:$tls
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
ssl.keystore.type=PEM
ssl.keystore.location=$folder/store.pem
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS;User:alice
log.dirs=$folder/log
num.partitions=2
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=2
group.initial.rebalance.delay.ms=0
transaction.max.timeout.ms=900000
transaction.abort.timed.out.transaction.cleanup.interval.ms=500
log.retention.hours=-1
EOF
        for listener in sasl_plaintext sasl_ssl; do
            cat >>"$folder/server.properties" <<EOF
listener.name.$listener.plain.sasl.jaas.config=$jaas.plain.PlainLoginModule required user_alice="wonder land" user_bob="wonder land";
listener.name.$listener.scram-sha-256.sasl.jaas.config=$jaas.scram.ScramLoginModule required;
listener.name.$listener.scram-sha-512.sasl.jaas.config=$jaas.scram.ScramLoginModule required;
EOF
        done
        local scram=()
        for user in alice bob; do
            for mechanism in SCRAM-SHA-256 SCRAM-SHA-512; do
                scram+=(--add-scram "$mechanism=[name=$user,password=wonder land]")
            done
        done
        $java kafka.tools.StorageTool format -t abcdefghijklmnopqrstuv -c "$folder/server.properties" "${scram[@]}" \
            >"$folder/format.log" 2>&1 || { cat "$folder/format.log" >&2; exit 1; }
    fi
    exec $java kafka.Kafka "$folder/server.properties" >>"$folder/kafka.log" 2>&1
}

command=${1:-}
case $command in
    install) install ;;
    run) shift; run "$@" ;;
    *) sed -n '2,9s/^# \?//p' "$0" >&2; exit 2 ;;
esac
