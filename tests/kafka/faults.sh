# Part of tests/kafka.sh: what the users of clients feel under each fault.

# faulty NAME CLIENTS RULES: starts brownout in front of the brokers, with the rules for each of CLIENTS, whose name
# replaces the word CLIENT. A client's id is NAME-CLIENT.
faulty() {
  local each rules=''
  fault=$1
  faulty_clients=()
  for each in "${clients[@]}"; do [[ " ${2/all/${clients[*]}} " != *" $each "* ]] || faulty_clients+=("$each"); done
  for each in "${faulty_clients[@]}"; do rules+="${3//CLIENT/$each}"$'\n'; done
  [ -z "${fault_pid:-}" ] || ended "$fault_pid"
  front "$1" plain "$rules"
  fault_pid=$last_pid
}
# make TOPIC[@NODE]...: creates topics for each client.
make() {
  local each topic all=()
  for topic in "$@"; do for each in "${faulty_clients[@]}"; do all+=("${topic//CLIENT/$each}"); done; done
  topics create "${all[@]}"
}
# meets SAID CONDITION...: whether the output of a client has KEY=PATTERN, or at least the number of KEY>=NUMBER.
meets() {
  local condition said=" $1 " value
  [[ "$2" != ends ]] || { [[ "$1" == ${*:2} ]]; return; }
  for condition in "${@:2}"; do
    if [[ "$condition" == *'>='* ]]; then
      value=$(sed -n "s/.* ${condition%%>=*}=\([0-9.]*\) .*/\1/p" <<<"$said")
      at_least "${value:-0}" "${condition#*>=}" || return 1
    else
      # shellcheck disable=SC2053
      [[ "$said" == *" "$condition" "* ]] || return 1
    fi
  done
}
# feels WHAT CONDITIONS WORDS...: runs all clients at once, and checks what they say.
feels() {
  local each
  for each in "${faulty_clients[@]}"; do feels_alone "$each" "$@" & done
  wait_jobs
}
feels_alone() {
  local said conditions out=$folder/said.$1 words=("${@:4}")
  read -ra conditions <<<"$3"
  if KAFKA_SERVER=127.0.0.1:$front_port KAFKA_PORTS=$front_ports KAFKA_CLIENT_ID=$fault-$1 client "$1" "${words[@]//CLIENT/$1}" >"$out" 2>&1; then
    said=$(tail -1 "$out")
  else
    said="ends with an error: $(grep -m 1 -iE '^[a-z.]*(error|exception)' "$out" || tail -1 "$out")"
  fi
  if meets "$said" "${conditions[@]}"; then good "$fault, $2, $1: $said"
  else bad "$fault, $2, $1: expected \"$3\", got: $said"; fi
}
# of "CLIENTS" COMMAND...: runs feels or holds for these clients alone.
of() {
  local each all=("${faulty_clients[@]}") faulty_clients=()
  for each in "${all[@]}"; do [[ " $1 " != *" $each "* ]] || faulty_clients+=("$each"); done
  [ ${#faulty_clients[@]} = 0 ] || "${@:2}"
}
# holds WHAT CONDITION TOPIC: compares the number of records in the topic of each client; CONDITION is like "-eq 20".
holds() {
  local i counts names=()
  for each in "${faulty_clients[@]}"; do names+=("${3//CLIENT/$each}"); done
  read -ra counts < <(topics count "${names[@]}") || true
  for i in "${!names[@]}"; do
    # shellcheck disable=SC2086
    if [ "${counts[i]:--1}" $2 ]; then good "$fault, $1, ${faulty_clients[i]}: ${counts[i]} records"
    else bad "$fault, $1, ${faulty_clients[i]}: expected a number of records $2, got ${counts[i]:-none}"; fi
  done
}
# acted ACTION COUNT: checks how often the rules acted.
acted() {
  local count
  count=$(grep -c "\"action\":\"$1\"" "$folder/$fault.jsonl" || true)
  if [ "$count" -ge "$2" ]; then good "$fault: acted $count times ($1)"; else bad "$fault: expected at least $2 times $1, got $count: $(cut -c1-300 "$folder/$fault.jsonl" | tail -3)"; fi
}

run_faults() {
  export KAFKA_REQUEST_TIMEOUT=2000 KAFKA_DELIVERY_TIMEOUT=15000
  faults_errors
  faults_leaders
  faults_groups
  faults_reading
  faults_generic
  ended "$fault_pid"
}

faults_errors() {
  faulty not_leader all '[[rule]]
match = { client_id = "*-CLIENT", api = "Produce", first = 3 }
fault = { type = "kafka_error", error = "NOT_LEADER_OR_FOLLOWER" }'
  make not-leader-CLIENT
  feels "a retriable error" "delivered=10 failed=0" produce not-leader-CLIENT 10 idempotent
  holds "a retriable error" "-eq 10" not-leader-CLIENT
  faulty fatal all '[[rule]]
match = { client_id = "*-CLIENT", api = "Produce" }
fault = { type = "kafka_error", error = "TOPIC_AUTHORIZATION_FAILED" }'
  feels "a fatal error" "delivered=0 failed=2 error=*[Aa][Uu][Tt][Hh][Oo][Rr][Ii][Zz]*" produce not-leader-CLIENT 2 plain
  faulty appended all '[[rule]]
match = { client_id = "*-CLIENT", topic = "appended-*", api = "Produce", every = 5 }
fault = { type = "kafka_error", error = "REQUEST_TIMED_OUT", after_append = true }'
  make appended-CLIENT appended-plain-CLIENT
  feels "idempotent" "delivered=20 failed=0" produce appended-CLIENT 20 idempotent
  feels "without idempotence" "delivered=20 failed=0" produce appended-plain-CLIENT 20 plain
  holds "idempotent" "-eq 20" appended-CLIENT
  holds "without idempotence" "-gt 20" appended-plain-CLIENT
  faulty throttle all '[[rule]]
match = { client_id = "*-CLIENT", api = "Produce" }
fault = { type = "kafka_throttle", time = "400ms" }'
  make throttle-CLIENT
  of "java kafkajs franz" feels "a client that pauses" "delivered=5 failed=0 total>=1.5" produce throttle-CLIENT 5 idempotent
  # librdkafka tells its user, and aiokafka does nothing.
  of librdkafka feels "a client that tells it" "delivered=5 failed=0 throttled=yes" produce throttle-CLIENT 5 idempotent
  faulty old_broker all '[[rule]]
match = { client_id = "*-CLIENT" }
fault = { type = "kafka_api_versions", api = ["Produce", "Fetch"], most = 7 }'
  make old-CLIENT
  feels "older versions" "delivered=5 failed=0" produce old-CLIENT 5 idempotent
  feels "older versions" "different=5" consume old-CLIENT old-group-CLIENT 5
  faulty no_idempotence all '[[rule]]
match = { client_id = "*-CLIENT" }
fault = { type = "kafka_api_versions", api = "InitProducerId" }'
  of java feels "a missing API" "delivered=0 failed=2 error=KafkaException" produce old-CLIENT 2 idempotent
  of aiokafka feels "a missing API" "ends with an error: *IncompatibleBrokerVersion*" produce old-CLIENT 2 idempotent
  of "kafkajs librdkafka" feels "a missing API" "ends with an error: *" produce old-CLIENT 2 idempotent
  # franz-go goes on without idempotence, and says nothing.
  of franz feels "a missing API" "delivered=2 failed=0" produce old-CLIENT 2 idempotent
}

faults_leaders() {
  faulty no_leader all '[[rule]]
match = { client_id = "*-CLIENT", api = "Metadata", topic = "leaderless-CLIENT", first = 3 }
fault = { type = "kafka_leader", topic = "leaderless-*" }'
  make leaderless-CLIENT
  feels "no leader for a while" "delivered=5 failed=0" produce leaderless-CLIENT 5 idempotent
  faulty stale_leader all '[[rule]]
match = { client_id = "*-CLIENT", first = 3 }
fault = { type = "kafka_leader", how = "other", topic = "stale-*" }'
  make stale-CLIENT
  feels "a stale leader" "delivered=5 failed=0" produce stale-CLIENT 5 idempotent
  faulty flapping all '[[rule]]
match = { client_id = "*-CLIENT" }
fault = { type = "kafka_leader", how = "flapping", topic = "flapping-*" }'
  make flapping-CLIENT
  feels "leaders that change" "delivered=5 failed=0" produce flapping-CLIENT 5 idempotent
  faulty broker_down all '[[rule]]
match = { client_id = "*-CLIENT" }
fault = { type = "kafka_broker_down", node = 3 }'
  make down-CLIENT@3 up-CLIENT@2
  feels "partitions of other brokers" "delivered=5 failed=0" produce up-CLIENT 5 idempotent
  KAFKA_DELIVERY_TIMEOUT=4000 feels "its own partitions" "delivered=0 failed=1" produce down-CLIENT 1 plain
}

faults_groups() {
  faulty rebalance all '[[rule]]
match = { client_id = "*-CLIENT", api = "Heartbeat", first = 2 }
fault = { type = "kafka_rebalance" }'
  make group-CLIENT
  KAFKA_SERVER=127.0.0.1:${broker_port[plain 1]} fill group
  feels "classic groups" "different=20 assigned>=2" consume group-CLIENT rebalance-CLIENT 20
  faulty fenced "java librdkafka franz" '[[rule]]
match = { client_id = "*-CLIENT", api = "ConsumerGroupHeartbeat", after = 2, first = 1 }
fault = { type = "kafka_rebalance" }'
  feels "groups of KIP-848" "different=20 assigned>=2" consume group-CLIENT fenced-CLIENT 20 consumer
  faulty coordinator all '[[rule]]
match = { client_id = "*-CLIENT", group = "coordinator-*", first = 4 }
fault = { type = "kafka_coordinator" }
[[rule]]
match = { client_id = "*-CLIENT", transactional_id = "tx-*", first = 4 }
fault = { type = "kafka_coordinator" }'
  feels "of a group" "different=20" consume group-CLIENT coordinator-CLIENT 20
  make tx-CLIENT
  feels "of transactions" "delivered=10 failed=0" produce tx-CLIENT 10 tx=tx-CLIENT
  holds "of transactions" "-eq 10" tx-CLIENT
}
# fill NAME: sends 20 records to the topic of each client.
fill() { for each in "${faulty_clients[@]}"; do client librdkafka produce "$1-$each" 20 idempotent >"$folder/filled"; done; }

faults_reading() {
  faulty lag all '[[rule]]
match = { client_id = "*-CLIENT" }
fault = { type = "kafka_lag", records = 5000, topic = "group-*" }'
  feels "an end that is far away" "read=20 lag=5000 end=5020" lag group-CLIENT
  faulty empty all '[[rule]]
match = { client_id = "*-CLIENT" }
fault = { type = "kafka_lag", records = 5000, topic = "group-*", empty = true }'
  feels "empty fetches" "read=0" lag group-CLIENT
}

faults_generic() {
  # kafkajs stays on a connection that stands still, so each further request fails, too.
  local reconnect="java librdkafka aiokafka franz"
  faulty dropped all '[[rule]]
match = { client_id = "*-CLIENT", api = "Produce", topic = "dropped-*", direction = "upstream", first = 1 }
fault = { type = "drop" }'
  make dropped-CLIENT unseen-CLIENT
  of "$reconnect" feels "a request that never arrives" "delivered=5 failed=0 longest>=1.5" produce dropped-CLIENT 5 idempotent
  of "$reconnect" holds "a request that never arrives" "-eq 5" dropped-CLIENT
  KAFKA_DELIVERY_TIMEOUT=4000 of kafkajs feels "a request that never arrives" "delivered=0 failed=1 error=*RequestTimeout*" produce dropped-CLIENT 1 idempotent
  faulty unseen all '[[rule]]
match = { client_id = "*-CLIENT", api = "Produce", acks = "0", every = 2 }
fault = { type = "drop" }'
  feels "without acks" "delivered=10 failed=0" produce unseen-CLIENT 10 acks0
  holds "without acks" "-eq 5" unseen-CLIENT
  faulty ack_loss all '[[rule]]
match = { client_id = "*-CLIENT", topic = "ack-loss-once-*", api = "Produce", first = 2 }
fault = { type = "ack_loss" }
[[rule]]
match = { client_id = "*-CLIENT", topic = "ack-loss-more-*", api = "Produce", first = 2 }
fault = { type = "ack_loss" }'
  make ack-loss-once-CLIENT ack-loss-more-CLIENT
  of "$reconnect" feels "idempotent" "delivered=5 failed=0 longest>=1.5" produce ack-loss-once-CLIENT 5 idempotent
  of "$reconnect" holds "idempotent" "-eq 5" ack-loss-once-CLIENT
  of "java librdkafka franz" feels "without idempotence" "delivered=5 failed=0 longest>=1.5" produce ack-loss-more-CLIENT 5 plain
  of "java librdkafka franz" holds "without idempotence" "-gt 5" ack-loss-more-CLIENT
  # aiokafka has one time-out for the request and the delivery. What it reports as failed, is there.
  of aiokafka feels "without idempotence" "delivered=4 failed=1 error=*TimedOut*" produce ack-loss-more-CLIENT 5 plain
  of aiokafka holds "without idempotence" "-eq 5" ack-loss-more-CLIENT
  KAFKA_DELIVERY_TIMEOUT=4000 of kafkajs feels "idempotent" "delivered=0 failed=1" produce ack-loss-once-CLIENT 1 idempotent
  KAFKA_DELIVERY_TIMEOUT=4000 of kafkajs feels "without idempotence" "delivered=0 failed=1" produce ack-loss-more-CLIENT 1 plain
  of kafkajs holds "idempotent" "-eq 1" ack-loss-once-CLIENT
  of kafkajs holds "without idempotence" "-gt 1" ack-loss-more-CLIENT
  faulty delay all '[[rule]]
match = { client_id = "*-CLIENT", api = "Produce", direction = "upstream" }
fault = { type = "delay", delay = "500ms" }'
  make delay-CLIENT
  feels "each send is late" "delivered=3 failed=0 longest>=0.5 total>=1.5" produce delay-CLIENT 3 idempotent
  faulty reject all '[[rule]]
match = { client_id = "*-CLIENT", api = "Produce", first = 2 }
fault = { type = "reject" }'
  feels "a temporary error" "delivered=5 failed=0" produce delay-CLIENT 5 idempotent
  faulty half_open all '[[rule]]
match = { client_id = "*-CLIENT", api = "Produce" }
fault = { type = "half_open" }'
  KAFKA_DELIVERY_TIMEOUT=5000 feels "silence" "delivered=0 failed=1 longest>=2" produce delay-CLIENT 1 plain
  faulty hold_until all '[[rule]]
match = { client_id = "*-CLIENT", api = "Produce", direction = "upstream", first = 1 }
fault = { type = "hold_until", passes = { api = "DescribeCluster" }, most = "1s" }'
  make hold-CLIENT
  feels "a request that waits" "delivered=3 failed=0 longest>=1" produce hold-CLIENT 3 idempotent
  holds "a request that waits" "-eq 3" hold-CLIENT
  faulty duplicate all '[[rule]]
match = { client_id = "*-CLIENT", api = "Produce", direction = "upstream" }
fault = { type = "duplicate", share = "100%" }'
  make duplicate-once-CLIENT duplicate-more-CLIENT
  feels "idempotent" "delivered=10 failed=0" produce duplicate-once-CLIENT 10 idempotent
  feels "without idempotence" "delivered=10 failed=0" produce duplicate-more-CLIENT 10 plain
  holds "idempotent" "-eq 10" duplicate-once-CLIENT
  holds "without idempotence" "-eq 20" duplicate-more-CLIENT
  faulty corrupt all '[[rule]]
match = { client_id = "*-CLIENT", api = "Produce", direction = "upstream", first = 1 }
fault = { type = "corrupt_message", chance = "100%", each = "chunk" }'
  make corrupt-CLIENT
  # The broker notices it. aiokafka and franz-go report it to their users, the others send again.
  of "java librdkafka kafkajs" feels "a corrupt request" "delivered=5 failed=0" produce corrupt-CLIENT 5 idempotent
  of "java librdkafka kafkajs" holds "a corrupt request" "-eq 5" corrupt-CLIENT
  of "aiokafka franz" feels "a corrupt request" "delivered=4 failed=1 error=*[Cc][Oo][Rr][Rr][Uu][Pp][Tt]*" produce corrupt-CLIENT 5 idempotent
  of "aiokafka franz" holds "a corrupt request" "-eq 4" corrupt-CLIENT
  faulty truncate all '[[rule]]
match = { client_id = "*-CLIENT", api = "Produce", direction = "upstream", first = 1 }
fault = { type = "truncate_message", after = "20 B" }'
  feels "a truncated request" "delivered=5 failed=0" produce corrupt-CLIENT 5 idempotent
}
