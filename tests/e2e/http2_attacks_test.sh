#!/usr/bin/env bash
# Tests known attacks on HTTP/2 servers against a running proxy: the attacker's connection ends, other
# clients are served at once meanwhile, and memory stays bounded.
brownout=$1
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/http2_lib.sh"
need node curl openssl python3
/usr/bin/python3 -c 'import hpack' 2>/dev/null || fail "python3-h2 (with python3-hpack) is needed; run .ci/install-packages --tests"

start_http2_server
# With one worker, all clients meet.
run_brownout brownout --workers 1 <<E
version = 1
$(upstream h1 "$h1" 'http = "1"')
$(upstream h2 "$h2" 'http = "2"')
$(listener to1 h1)
$(listener to2 h2)
E

# attack NAME LISTENER RESULT KIB: runs an attack for at most 5 s, and requests of another client
# beside it. A request that an attack stops would wait for its end. RESULT is a pattern for the end of the attacker's connection: its last code is
# ENHANCE_YOUR_CALM (11) or PROTOCOL_ERROR (1). KIB bounds the additional memory.
attack() {
  local before most=0 now_held attacker got slowest
  before=$(held)
  /usr/bin/python3 "$(dirname "$0")/http2_attacks.py" "$(port_of "$2")" "$1" 5 >"$folder/attack" 2>"$folder/err" &
  attacker=$!
  : >"$folder/probes"
  while :; do
    now_held=$(held)
    most=$((now_held > most ? now_held : most))
    # The last request is one after the attack.
    kill -0 "$attacker" 2>/dev/null && got=on || got=over
    curl -s --max-time 8 --http2-prior-knowledge -o /dev/null -w '%{time_total} %{http_code}\n' "http://127.0.0.1:$(port_of "$2")/hello" >>"$folder/probes" ||
      fail "$1, $2: expected a response for another client, got curl's exit code $?; attack: $(cat "$folder/attack" "$folder/err")"
    [ "$got" = on ] || break
    sleep 0.05
  done
  wait "$attacker" || fail "$1, $2: expected the attack to run, got: $(tail -n 3 "$folder/err")"
  alive "$1" brownout
  [[ $(cat "$folder/attack") =~ ^$3 ]] || fail "$1, $2: expected the attacker's connection to match \"$3\", got: $(cat "$folder/attack")"
  if grep -v ' 200$' "$folder/probes"; then fail "$1, $2: expected the status 200 for other clients, got that above"; fi
  slowest=$(sort -n "$folder/probes" | tail -n 1 | cut -d' ' -f1)
  at_least 3 "$slowest" || fail "$1, $2: expected responses within 3 s for other clients, got one after $slowest s"
  [ $((most - before)) -lt "$4" ] || sanitized || fail "$1, $2: expected less than $4 KiB of additional memory, got $((most - before)) KiB"
  pass "$1, $2: $(cat "$folder/attack"); $(grep -c . "$folder/probes") other requests within $slowest s; $((most - before)) KiB more"
}
for name in to1 to2; do
  for one in rapid_reset continuation large_continuation settings ping unread_ping empty_data empty_continuation priority \
    window_updates hpack_bomb malformed beyond_limit; do
    attack $one $name "ended 11 " 16384
  done
  attack made_you_reset $name "ended 1 " 16384
  # A client that never opens its windows may be a slow one, so its connection goes on. Each of its
  # 256 streams holds at most 256 KiB for the client, and what was read at once beyond that.
  attack zero_window $name "goes on None" 131072
done

# Each attack that ended a connection has an event, in the log or beside others in a count.
grep -q '"event":"refused".*rapid reset' "$folder/brownout.jsonl" || fail "events: expected one for rapid reset, got: $(tail -n 3 "$folder/brownout.jsonl")"
left() { curl -s "http://127.0.0.1:$api/metrics" | grep '^brownout_connections_open' >"$folder/open" && ! grep -qv ' 0$' "$folder/open"; }
wait_for 5 left || fail "at the end: expected no open client, got: $(cat "$folder/open")"
pass "each attack has ended"
