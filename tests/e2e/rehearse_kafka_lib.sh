# Functions for the end-to-end tests of rehearsals with Apache Kafka. Source after kafka_lib.sh and
# rehearsal_lib.sh, and after start_kafka.

# Beside other load the first operation of a user, which includes that its group begins, may take
# longer than its time-out. Such an operation must not keep a rehearsal from its first phase, so the
# steady state asks for little.
rehearsals=()

# begin NAME PROBE_KEYS [RULES [PHASE_KEYS [TIME_SCALE]]]: begins a rehearsal. After finish, the result
# is in NAME.code and NAME/report.json.
begin() {
  local front
  {
    scenario_file "$1" "$server" 'protocol = "kafka"' "${4:-}"
    users_and_expectations kafka "$2"
    echo "${3:-}"
  } >"$folder/$1.toml"
  front=$(sed -n 's/^listen = "\(.*\)"/\1/p' "$folder/$1.toml")
  sed -i -e "s/^listen = .*/&\nrewrite = { \"127.0.0.1:$server\" = \"$front\" }/" -e 's/^timeout = .*/timeout = "4s"/' \
    -e 's/^time_scale = .*/time_scale = "'"${5:-30x}"'"/' -e 's/^steady = .*/steady = { availability = "10%", for = "3m" }/' "$folder/$1.toml"
  rehearse "$1" &
  rehearsals+=("$!")
}
# outage NAME FILE [SED_COMMAND]: begins the rehearsal of an outage, changed by SED_COMMAND.
outage() {
  local front
  front=$(free_port)
  sed -e "s/127.0.0.1:9092/127.0.0.1:$server/; s/127.0.0.1:7010/127.0.0.1:$front/g" \
    -e 's/^steady = .*/steady = { availability = "10%", for = "3m" }/; s/^timeout = .*/timeout = "4s"/; s/^users = .*/users = 3/' \
    -e "${3:-}" "$outages/$2.toml" >"$folder/$1.toml"
  rehearse "$1" &
  rehearsals+=("$!")
}
# warm_up: uses the broker until it serves transactions and groups quickly. Beside other load the
# first use of either takes seconds.
warm_up() {
  local try
  for ((try = 0; try < 20; try++)); do
    begin "warm$try" 'topic = "warm"
transactional = true' '' '' 100x
    finish
    if [ "$(cat "$folder/warm$try.code")" = 0 ]; then return; fi
  done
  fail "expected transactions through Apache Kafka, got: $(cat "$folder/warm0.txt")"
}
# finish: waits until all rehearsals have ended.
finish() {
  wait "${rehearsals[@]}"
  rehearsals=()
}
