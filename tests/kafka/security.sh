# Part of tests/kafka.sh: TLS on both sides of Brownout, and SASL, which passes untouched unless a fault fails it.

# secured CLIENT WAY PORT CA WORDS...: runs a client with TLS.
secured() { KAFKA_SERVER=127.0.0.1:$3 KAFKA_CA=$folder/$4.pem KAFKA_CLIENT_ID=$2-$1 client "$1" "${@:5}" 2>&1; }
# as_alice MECHANISM COMMAND...: runs a command with the settings of a login.
as_alice() { KAFKA_SASL=$1 KAFKA_USER=alice KAFKA_PASSWORD=alice-secret "${@:2}"; }

run_security() {
  local each
  tls_same
  topics create "${clients[@]/#/sasl-}"
  local rules=''
  for each in "${clients[@]}"; do
    # A rule that delays by a millisecond counts how often a client authenticates.
    rules+="[[rule]]
name = \"$each\"
match = { client_id = \"*-$each\", api = \"SaslAuthenticate\", direction = \"upstream\" }
may_miss = true
fault = { type = \"delay\", delay = \"1ms\" }"$'\n'
  done
  front sasl sasl "$rules"
  for mechanism in PLAIN SCRAM-SHA-256 SCRAM-SHA-512 OAUTHBEARER; do
    for each in "${clients[@]}"; do sasl_passes "$mechanism" "$each" & done
    wait_jobs
  done
  for each in "${clients[@]}"; do sasl_refuses "$each" & done
  wait_jobs
  sasl_faults
}

tls_same() {
  local each way
  front tls tls ''
  for each in "${clients[@]}"; do
    for way in direct front; do
      {
        if [ "$way" = direct ]; then
          KAFKA_PORTS=$(ports_of tls) secured "$each" tls "${broker_port[tls 1]}" broker same "tls-$each-$way" codecs admin
        else
          KAFKA_PORTS=$front_ports secured "$each" tls "$front_port" front same "tls-$each-$way" codecs admin
        fi
      } >"$folder/tls.$each.$way" || echo "ended with an error" >>"$folder/tls.$each.$way"
    done
    if diff "$folder/tls.$each.direct" "$folder/tls.$each.front" >"$folder/diff" && ! grep -q 'ended with' "$folder/diff" "$folder/tls.$each.front"; then
      good "$each, TLS on both sides: the same $(wc -l <"$folder/tls.$each.front") lines as directly"
    else
      bad "$each, TLS on both sides: $(head -20 "$folder/diff") $(tail -3 "$folder/tls.$each.front")"
    fi
  done
}

# The broker ends sessions that are not authenticated anew within four seconds.
sasl_passes() {
  local said count before
  before=$(authentications "$2")
  said=$(KAFKA_PAUSE=400 as_alice "$1" secured "$2" sasl "$front_port" front produce "sasl-$2" 20 idempotent | tail -1) || said="ends with an error: $said"
  count=$(($(authentications "$2") - before))
  if [[ "$said" == "delivered=20 failed=0"* ]]; then good "$2, $1: 20 records in 8 s, $count messages of authentication"
  else bad "$2, $1: expected 20 records, got: $said"; fi
}
authentications() { grep -c "\"rule\":\"$1\"" "$folder/sasl.jsonl" || true; }

sasl_refuses() {
  local direct front
  direct=$(KAFKA_SASL=PLAIN KAFKA_USER=alice KAFKA_PASSWORD=wrong secured "$1" wrong "${broker_port[sasl 1]}" broker login | tail -1) || true
  front=$(KAFKA_SASL=PLAIN KAFKA_USER=alice KAFKA_PASSWORD=wrong secured "$1" wrong "$front_port" front login | tail -1) || true
  direct=${direct//${broker_port[sasl 1]}/PORT}
  front=${front//$front_port/PORT}
  # aiokafka does not say why it cannot connect.
  if [[ "$direct" == *[Aa]uth* || "$1" = aiokafka ]] && [ "$(normal "$front")" = "$(normal "$direct")" ]; then good "$1, a wrong password: $front"
  else bad "$1, a wrong password: directly \"$direct\", but \"$front\" through Brownout"; fi
}
# normal TEXT: the text without addresses and times.
normal() { sed -E 's/[0-9.]+:[0-9]+/ADDRESS/g; s/after [0-9]+ms/after some time/; s/PORT/ADDRESS/g; s/127.0.0.1:ADDRESS/ADDRESS/g' <<<"$1"; }

sasl_faults() {
  local each said what
  front sasl_faults sasl '[[rule]]
match = { client_id = "failed-*", api = "SaslAuthenticate" }
fault = { type = "kafka_error", error = "SASL_AUTHENTICATION_FAILED" }
[[rule]]
match = { client_id = "rejected-*", api = "SaslAuthenticate" }
fault = { type = "reject" }
[[rule]]
match = { client_id = "mechanism-*", api = "SaslHandshake" }
fault = { type = "kafka_error", error = "UNSUPPORTED_SASL_MECHANISM" }'
  for what in failed rejected mechanism; do
    for each in "${clients[@]}"; do
      {
        said=$(as_alice SCRAM-SHA-256 secured "$each" "$what" "$front_port" front login | tail -1) || true
        if [[ "$said" == "logged in"* || "$said" != *?* ]]; then bad "$each, SASL $what: expected an error, got: $said"
        else good "$each, SASL $what: $said"; fi
      } &
    done
    wait_jobs
  done
}
