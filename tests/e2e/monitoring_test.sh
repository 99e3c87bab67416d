#!/usr/bin/env bash
# Tests rehearsals with monitoring: a real Prometheus whose alert fires, a real Alertmanager whose
# webhook arrives, and a receiver that at first rejects Brownout's webhooks.
brownout=$1
source "$(dirname "$0")/lib.sh"
need prometheus prometheus-alertmanager python3 curl

app_port=$(free_port)
hooks_port=$(free_port)
manager_port=$(free_port)
prometheus_port=$(free_port)
listener_port=$(free_port)
alerts_port=$(free_port)

# The monitored application, behind the listener on which the fault acts.
cat >"$folder/app.py" <<'P'
import http.server, sys
class App(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header('Content-Type', 'text/plain')
        self.end_headers()
        self.wfile.write(b'messages_sent_total 1\n')
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), App).serve_forever()
P
# A webhook receiver that rejects each message twice before it accepts it.
cat >"$folder/hooks.py" <<'P'
import collections, http.server, sys
seen = collections.Counter()
class Hooks(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        seen[body] += 1
        ok = seen[body] % 3 == 0
        if ok: print(body.decode(), flush=True)
        self.send_response(200 if ok else 503)
        self.end_headers()
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), Hooks).serve_forever()
P
cat >"$folder/prometheus.yml" <<Y
global: { scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms }
rule_files: [ "$folder/alerts.yml" ]
alerting:
  alertmanagers: [ { static_configs: [ { targets: [ "127.0.0.1:$manager_port" ] } ] } ]
scrape_configs:
  - job_name: chat
    static_configs: [ { targets: [ "127.0.0.1:$listener_port" ] } ]
Y
cat >"$folder/alerts.yml" <<'Y'
groups:
  - name: chat
    interval: 200ms
    rules: [ { alert: ChatIsDown, expr: 'up{job="chat"} == 0', for: 400ms } ]
Y
cat >"$folder/manager.yml" <<Y
route: { receiver: brownout, group_wait: 100ms, group_interval: 200ms }
receivers:
  - name: brownout
    webhook_configs: [ { url: "http://127.0.0.1:$alerts_port/alert", send_resolved: false } ]
Y
start app python3 "$folder/app.py" "$app_port"
start hooks python3 "$folder/hooks.py" "$hooks_port"
start manager prometheus-alertmanager --config.file="$folder/manager.yml" --storage.path="$folder/manager" \
  --web.listen-address="127.0.0.1:$manager_port" --cluster.listen-address=
start prometheus prometheus --config.file="$folder/prometheus.yml" --storage.tsdb.path="$folder/tsdb" \
  --web.listen-address="127.0.0.1:$prometheus_port" --log.level=warn
wait_for 30 curl -sf "http://127.0.0.1:$prometheus_port/-/ready" ||
  fail "Prometheus: expected it to be ready within 30 s, but it is not; log: $(cat "$folder/prometheus.log")"
wait_for 30 curl -sf "http://127.0.0.1:$manager_port/-/ready" ||
  fail "Alertmanager: expected it to be ready within 30 s, but it is not; log: $(cat "$folder/manager.log")"

cat >"$folder/outage.toml" <<R
version = 1
[scenario]
name = "Is it noticed?"
time_scale = "10x"
steady = { availability = "60%", for = "20s" }
alerts = "127.0.0.1:$alerts_port"
[[webhook]]
url = "http://127.0.0.1:$hooks_port/"
[[upstream]]
name = "chat servers"
servers = ["127.0.0.1:$app_port"]
[[listener]]
name = "chat"
protocol = "http"
listen = "127.0.0.1:$listener_port"
upstream = "chat servers"
[[rule]]
name = "errors"
match = { listener = "chat" }
fault = { type = "abort", status = 500 }
[[phase]]
name = "calm"
for = "20s"
[[phase]]
name = "errors"
for = "80s"
rules = ["errors"]
[[phase]]
name = "after"
for = "10s"
recovery = true
[[probe]]
name = "Prometheus"
kind = "prometheus"
every = "5s"
endpoints = ["127.0.0.1:$prometheus_port"]
query = "vector(1)"
[[probe]]
name = "rule"
kind = "prometheus"
every = "2s"
endpoints = ["127.0.0.1:$prometheus_port"]
query = 'ALERTS{alertname="ChatIsDown",alertstate="firing"}'
[[probe]]
name = "another rule"
kind = "prometheus"
every = "2s"
endpoints = ["127.0.0.1:$prometheus_port"]
query = 'ALERTS{alertname="DiskIsFull"}'
[[probe]]
name = "a wrong query"
kind = "prometheus"
every = "20s"
endpoints = ["127.0.0.1:$prometheus_port"]
query = "((("
[[expect]]
metric = "alert"
probe = "rule"
phase = "errors"
at_most = "70s"
[[expect]]
metric = "alert"
alert = "ChatIsDown"
phase = "errors"
at_most = "70s"
[[expect]]
metric = "alert"
alert = "DiskIsFull"
at_most = "70s"
[[expect]]
metric = "alert"
probe = "another rule"
at_most = "70s"
[[expect]]
metric = "availability"
probe = "Prometheus"
at_least = "100%"
[[expect]]
metric = "availability"
probe = "a wrong query"
at_most = "0%"
R
code=0
"$brownout" rehearse "$folder/outage.toml" --ci --report "$folder/report" >"$folder/out.txt" 2>&1 || code=$?
[ "$code" = 1 ] || fail "rehearsal with a failed expectation: expected exit code 1, got $code: $(cat "$folder/out.txt")"
# says PATTERN: checks the output of the rehearsal.
says() { grep -qE "$1" "$folder/out.txt" || fail "rehearsal: expected output that matches \"$1\", got: $(cat "$folder/out.txt")"; }
says '^met +alert of rule in errors at most 1m10s: .*the alert fired; its query: ALERTS'
says '^met +alert ChatIsDown in errors at most 1m10s: .*received: '
says '^NOT MET +alert DiskIsFull at most 1m10s: .*no webhook with this text'
says '^NOT MET +alert of another rule at most 1m10s: .*the alert never fired'
says '^met +availability of Prometheus '
says '^met +availability of a wrong query '
pass "the times of a firing rule and of its alert's webhook are measured with Prometheus and Alertmanager"

# The begin, three phases, six expectations and the end; each was rejected twice before it was accepted.
[ "$(wc -l <"$folder/hooks.log")" = 11 ] || fail "webhooks: $(cat "$folder/hooks.log") $(cat "$folder/out.txt")"
grep -q '"phase":"errors"' "$folder/hooks.log" || fail "no phase: $(cat "$folder/hooks.log")"
grep -q '"met":true' "$folder/hooks.log" || fail "no expectation: $(cat "$folder/hooks.log")"
pass "webhooks are retried, also at the end"
