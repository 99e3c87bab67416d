# Part of tests/kafka.sh: through listeners without rules, and with a rule that never matches, clients get the same as directly.

# results CLIENT WAY SERVER PORTS: writes the results of a client.
results() {
  KAFKA_SERVER=127.0.0.1:$3 KAFKA_PORTS=$4 client "$1" same "$1-$2" >"$folder/$1.$2" 2>"$folder/$1.$2.err" ||
    { echo "ended with code $?"; tail -5 "$folder/$1.$2.err"; } >>"$folder/$1.$2"
}

run_same() {
  local each way begin
  declare -A ports listens
  front without_rules plain ''
  ports[without_rules]=$front_ports listens[without_rules]=$front_port
  front with_a_rule plain '[[rule]]
match = { topic = "a topic that never comes" }
may_miss = true
fault = { type = "drop" }'
  ports[with_a_rule]=$front_ports listens[with_a_rule]=$front_port
  ports[direct]=$(ports_of plain) listens[direct]=${broker_port[plain 1]}
  for each in "${clients[@]}"; do
    begin=$(now)
    for way in direct without_rules with_a_rule; do results "$each" "$way" "${listens[$way]}" "${ports[$way]}" & done
    wait_jobs
    for way in without_rules with_a_rule; do
      if diff "$folder/$each.direct" "$folder/$each.$way" >"$folder/diff"; then
        good "$each, ${way//_/ }: the same $(wc -l <"$folder/$each.direct") lines as directly"
      else
        bad "$each, ${way//_/ }: differs from direct: $(head -20 "$folder/diff")"
      fi
    done
    if grep -qE '^ended with code' "$folder/$each.direct"; then bad "$each, directly: $(tail -6 "$folder/$each.direct")"; fi
    [ -z "${KEEP:-}" ] || cp "$folder/$each".* "$KEEP/"
    echo "   $each: $(since "$begin" | cut -d. -f1) s"
  done
  # Some requests of administrators are not decoded and pass byte for byte; all others must be understood.
  local undecoded='DescribeQuorum|AlterUserScramCredentials|DescribeUserScramCredentials'
  for way in without_rules with_a_rule; do
    if grep -E 'not Kafka|unknown Kafka' "$folder/$way.log" | grep -vE "unknown Kafka message: ($undecoded) " >"$folder/unknown"; then
      bad "${way//_/ }: some messages were not understood: $(head -5 "$folder/unknown")"
    else
      good "${way//_/ }: every message was understood"
    fi
  done
}
