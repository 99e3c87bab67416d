#!/usr/bin/env bash
# Tests rehearsals with users who follow an event stream: numbered events that are lost, duplicated or
# reordered are counted, and a user that connects again continues behind the last event. One server
# sends again what a client missed; another does not.
brownout=$1
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/rehearsal_lib.sh"
need node

replay=$(free_port)
start replay node "$(dirname "$0")/sse_server.js" "$replay" replay 100
forget=$(free_port)
start forget node "$(dirname "$0")/sse_server.js" "$forget" forget 100
busy=$(free_port)
start busy node "$(dirname "$0")/sse_server.js" "$busy" replay 60000
wait_port "$replay"
wait_port "$busy"
wait_port "$forget"

# scenario NAME PORT PROBE_KEYS [RULES [PHASE_KEYS]]: rehearses.
scenario() {
  {
    scenario_file "$1" "$2" $'protocol = "sse"\n'"${4:-}" "${5:-}"
    users_and_expectations sse $'path = "/events"\n'"$3"
  } >"$folder/$1.toml"
  rehearse "$1"
}
# rule FAULT KEYS: a rule on the events that the server sends.
rule() { printf '[[rule]]\nname = "fault"\nmatch = { comment = false, direction = "downstream", listener = "front" }\n%s\nfault = { %s }\n' "$2" "$1"; }

scenario healthy "$replay" ''
scenario healthy-h2 "$replay" 'http = "2"'
scenario pointer "$replay" 'number = "/seq"'
for name in healthy healthy-h2 pointer; do
  code "$name" $ok
  says "$name" '^met +messages_lost.*0 of [1-9][0-9]+ messages'
  says "$name" '^met +availability'
done
pass "users follow a stream over HTTP/1 and HTTP/2, and read numbers from ids and from JSON"

cut=$(rule 'type = "cut_stream", close = "rst"' 'probability = "5%"')
scenario cut "$replay" '' "$cut" 'rules = ["fault"]'
scenario cut-h2 "$replay" 'http = "2"' "$cut" 'rules = ["fault"]'
for name in cut cut-h2; do
  code "$name" $ok
  says "$name" '^met +messages_lost.*0 of [1-9][0-9]+ messages'
  says "$name" '^met +messages_duplicated'
done
grep -qE '^[1-9]' "$folder/replay.log" || fail "no user continued behind its last event: $(cat "$folder/replay.log")"
scenario cut-forgotten "$forget" '' "$cut" 'rules = ["fault"]'
code cut-forgotten 1
says cut-forgotten '^NOT MET +messages_lost'
says cut-forgotten '^met +availability'
scenario wait "$busy" '' "${cut/5%/20%}" 'rules = ["fault"]'
code wait 1
says wait '^NOT MET +availability'
grep -q "waits before it reconnects, because the server's .retry. asks for it" "$folder/wait/report.json" ||
  fail "users do not wait as the server asks: $(cat "$folder/wait.txt")"
pass "streams that break off lose nothing if the server sends again what was missed, and are counted if it does not; users wait as the server asks"

scenario lost "$replay" '' "$(rule 'type = "drop"' $'probability = "5%"\nper = "message"')" 'rules = ["fault"]'
says lost '^NOT MET +messages_lost'
says lost '^met +messages_duplicated'
scenario twice "$replay" '' "$(rule 'type = "duplicate", share = "5%"' '')" 'rules = ["fault"]'
says twice '^NOT MET +messages_duplicated'
says twice '^met +messages_lost'
scenario reordered "$replay" '' "$(rule 'type = "reorder", share = "50%", window = 3, delay = "500ms"' '')" 'rules = ["fault"]'
says reordered '^NOT MET +messages_reordered'
says reordered '^met +messages_duplicated'
pass "lost, duplicated and reordered events are told apart"

scenario status "$replay" '' $'[[rule]]\nfault = { type = "abort", status = 503 }'
says status 'status 503'
scenario type "$replay" '' $'[[rule]]\nfault = { type = "abort", status = 200, headers = { content-type = "text/html" } }'
says type 'not an event stream; its content type is "text/html"'
pass "a response that is no stream is an error with its reason"

# The outage in examples/, with clients that have a time-out, clients that wait for minutes and do not
# try again, and a server that sends nothing again.
outage() { sed "s/127.0.0.1:7010/127.0.0.1:$(free_port)/; s/127.0.0.1:8080/127.0.0.1:$2/" "$outages/silent-stream.toml" >"$folder/$1.toml"; }
outage silent "$replay"
outage silent-badly "$replay"
sed -i 's/^timeout = .*/timeout = "5s"/; s/^attempts = .*//' "$folder/silent-badly.toml"
outage silent-forgotten "$forget"
running=()
for name in silent silent-badly silent-forgotten; do
  rehearse "$name" &
  running+=($!)
done
wait "${running[@]}"
code silent $ok
says silent '^met +no event is lost.*0 of [1-9][0-9]+ messages'
code silent-badly 1
says silent-badly '^NOT MET +silence is noticed'
says silent-badly '^NOT MET +readers go on'
code silent-forgotten 1
says silent-forgotten '^met +silence is noticed'
says silent-forgotten '^NOT MET +no event is lost'
pass "a stream that goes silent: noticed and continued, minutes late without a short time-out, with gaps if nothing is sent again"
