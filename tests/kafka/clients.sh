# Functions for the scripts that run the Kafka clients of this folder. Source after e2e/lib.sh and e2e/kafka_lib.sh.
kafka_clients=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
kafka_build=$kafka_clients/../../build
export NODE_PATH=$kafka_build/npm/node_modules PYTHONPATH=$kafka_build/pypi KAFKAJS_NO_PARTITIONER_WARNING=1

# need_clients: compiles the Java client, and checks that the others are installed.
need_clients() {
  need java node /usr/bin/python3
  [ -d "$NODE_PATH/kafkajs" ] || fail "kafkajs is needed and not installed; run .ci/install-packages --tests"
  /usr/bin/python3 -c 'import confluent_kafka, aiokafka' || fail "the Kafka clients for Python are needed and not installed; run .ci/install-packages --tests"
  # The compiler is part of the runtime environment; the program javac is not.
  java -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -m jdk.compiler/com.sun.tools.javac.Main -nowarn -proc:none -cp "$(printf "%s:" "$libs"/*.jar)" -d "$folder/classes" \
    "$kafka_clients"/*.java >"$folder/javac.log" 2>&1 || fail "expected the Java client to compile: $(cat "$folder/javac.log")"
}

# client NAME WORDS...: runs a client; clients.md has the commands.
client() {
  local name=$1
  shift
  case $name in
    java) timeout 400 java -Xmx160m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$folder/classes:$libs/*" KafkaClient "$@" ;;
    librdkafka | aiokafka) timeout 400 /usr/bin/python3 "$kafka_clients/${name}_client.py" "$@" ;;
    kafkajs) timeout 400 node "$kafka_clients/kafkajs_client.js" "$@" ;;
    franz) timeout 400 "$kafka_build/kafka-franz/franz" "$@" ;;
  esac
}

# certificate NAME: makes a certificate for 127.0.0.1, in $folder/NAME.pem and NAME.key.
certificate() {
  openssl req -x509 -newkey rsa:2048 -nodes -keyout "$folder/$1.key" -out "$folder/$1.pem" -days 2 -subj "/CN=$1" \
    -addext subjectAltName=IP:127.0.0.1 2>"$folder/openssl.log" || fail "expected a certificate: $(cat "$folder/openssl.log")"
  cat "$folder/$1.key" "$folder/$1.pem" >"$folder/$1.both.pem"
}

# sasl_settings LISTENER: prints the settings of a broker for a listener with TLS and SASL, where alice logs in with alice-secret.
sasl_settings() {
  local module=org.apache.kafka.common.security
  cat <<P
ssl.keystore.type=PEM
ssl.keystore.location=$folder/broker.both.pem
listener.name.$1.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER
listener.name.$1.plain.sasl.jaas.config=$module.plain.PlainLoginModule required user_alice="alice-secret";
listener.name.$1.scram-sha-256.sasl.jaas.config=$module.scram.ScramLoginModule required;
listener.name.$1.scram-sha-512.sasl.jaas.config=$module.scram.ScramLoginModule required;
listener.name.$1.oauthbearer.sasl.jaas.config=$module.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";
P
}
