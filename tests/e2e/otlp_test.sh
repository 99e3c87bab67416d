#!/usr/bin/env bash
# Tests the export to an OpenTelemetry collector: each fault is a span in the trace of its request,
# and the counters arrive as metrics. A collector that fails delays nothing, and is told apart.
brownout=$1
here=$(cd "$(dirname "$0")" && pwd)
source "$here/lib.sh"
need curl python3 openssl

collector=$(free_port) secure=$(free_port)
answers='{
  "main": [{"path": "/v1/traces", "times": 2, "status": 503}, {"path": "/v1/metrics", "times": 1, "status": 503}],
  "late": [{"path": "/v1/traces", "delay": 2}],
  "metrics": [{"path": "/v1/metrics", "status": 503}],
  "traces": [{"path": "/v1/metrics", "status": 404}],
  "busy": [{"path": "/v1/traces", "times": 1, "status": 429, "headers": {"Retry-After": "3"}}],
  "partial": [{"path": "/v1/traces", "times": 1, "body":
    "{\"partialSuccess\":{\"rejectedSpans\":\"1\",\"errorMessage\":\"too old\"}}"}],
  "refused": [{"status": 400, "body": "bad\u001b span\nmore"}],
  "denied": [{"status": 401}],
  "moved": [{"status": 307, "headers": {"Location": "http://127.0.0.1:9/v1/traces"}}]
}'
start collector /usr/bin/python3 "$here/otlp_receiver.py" "$collector" "$folder/requests" "$answers"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=collector \
  -addext subjectAltName=IP:127.0.0.1 -keyout "$folder/key" -out "$folder/ca.pem" 2>"$folder/openssl.log" ||
  fail "a certificate for the collector: $(cat "$folder/openssl.log")"
cat "$folder/ca.pem" "$folder/key" >"$folder/both.pem"
start secure /usr/bin/python3 "$here/otlp_receiver.py" "$secure" "$folder/requests" '{}' "$folder/both.pem"
wait_port "$collector"
wait_port "$secure"

# exporter NAME [URL]: starts a proxy that answers each request with 503, and exports to the
# collector as NAME. Its port is then in ${port[NAME]}.
declare -A port pid
exporter() {
  port[$1]=$(free_port)
  cat >"$folder/$1.toml" <<R
[[listener]]
name = "web"
protocol = "http"
listen = "127.0.0.1:${port[$1]}"
upstream = "127.0.0.1:9"
[[rule]]
name = "fails"
fault = { type = "abort", status = 503 }
R
  start "$1" "$brownout" run "$folder/$1.toml" --api "127.0.0.1:$((port[$1] + 1000))" \
    --events "$folder/$1.events" --otlp "${2:-http://127.0.0.1:$collector}/$1"
  pid[$1]=$last_pid
}
request() { curl -s "http://127.0.0.1:${port[$1]}/" -o /dev/null "${@:2}"; }
end() {
  kill "${pid[$1]}"
  wait_for 12 bash -c "! kill -0 ${pid[$1]}" || fail "$1: expected the proxy to end within 12 s of SIGTERM, and it still runs"
}
lost() { curl -sf "http://127.0.0.1:$((port[$1] + 1000))/metrics" | sed -n 's/^brownout_otlp_spans_lost_total //p'; }
has_lost() { [ "$(lost "$1")" = "$2" ]; }
logs() { grep -qF -- "$2" "$folder/$1.log" || fail "$1: expected \"$2\" in the log, got: $(cat "$folder/$1.log")"; }
# times NAME PATH: how often the collector got a request.
times() { grep "\"client\": \"$1\", \"path\": \"$2\"" "$folder/requests" | wc -l; }
arrived() { [ "$(times "$1" /v1/traces)" -ge "${2:-1}" ]; }

OTEL_EXPORTER_OTLP_HEADERS="api-key=se%63ret" OTEL_SERVICE_NAME=staging OTEL_RESOURCE_ATTRIBUTES="zone=a%2Cb" exporter main
OTEL_EXPORTER_OTLP_TIMEOUT=300 exporter late
for name in metrics traces busy partial refused denied moved; do exporter "$name"; done
exporter untrusted "https://127.0.0.1:$secure"
OTEL_EXPORTER_OTLP_CERTIFICATE="$folder/ca.pem" exporter trusted "https://127.0.0.1:$secure"
SSL_CERT_FILE="$folder/ca.pem" exporter system "https://127.0.0.1:$secure"
for name in "${!port[@]}"; do
  wait_for 30 request "$name" || fail "$name: expected an answer through the proxy, got none; log: $(cat "$folder/$name.log")"
done
trace=0af7651916cd43dd8448eb211c80319c
request main -H "traceparent: 00-$trace-b7ad6b7169203331-01"
wait_for 20 grep -q "\"status\": 200.*$trace" "$folder/requests" || fail "the collector: expected the span of the request within 20 s, got: $(cat "$folder/main.log")"
end main

# The file of requests, judged by the OTLP specification.
/usr/bin/python3 - "$folder/requests" "$(wc -l <"$folder/main.events")" >"$folder/out" 2>&1 <<'P' || fail "the exported spans and metrics: $(cat "$folder/out")"
import json, re, sys
spans, metrics, instances = [], {}, set()
for line in open(sys.argv[1], encoding="utf-8"):
    request = json.loads(line)
    if request["client"] != "main" or request["status"] != 200:
        continue
    assert request["key"] == "secret", f"expected the header of the environment, got {request['key']}"
    for resource in request["body"].get("resourceSpans", []) + request["body"].get("resourceMetrics", []):
        of = {each["key"]: each["value"]["stringValue"] for each in resource["resource"]["attributes"]}
        assert of["service.name"] == "staging" and of["zone"] == "a,b", of
        instances.add(of["service.instance.id"])
    for resource in request["body"].get("resourceSpans", []):
        assert request["path"] == "/v1/traces", request["path"]
        spans += [span for scope in resource["scopeSpans"] for span in scope["spans"]]
    for resource in request["body"].get("resourceMetrics", []):
        assert request["path"] == "/v1/metrics", request["path"]
        for metric in (metric for scope in resource["scopeMetrics"] for metric in scope["metrics"]):
            metrics[metric["name"]] = metric
assert len(spans) == int(sys.argv[2]), f"expected {sys.argv[2]} spans, as many as events, got {len(spans)}"
for span in spans:
    assert span["name"] == "abort answer", span["name"]
    of = {each["key"]: each["value"] for each in span["attributes"]}
    assert of["http.response.status_code"] == {"intValue": "503"} and of["brownout.ordinal"] == {"intValue": "0"}, of
uuid = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
assert len(instances) == 1 and uuid.fullmatch(instances.pop()), "service.instance.id"
injected = metrics["brownout_faults_injected_total"]["sum"]["dataPoints"][0]
assert injected["asDouble"] == len(spans), f"expected {len(spans)} injected faults, got {injected}"
assert int(injected["startTimeUnixNano"]) < int(injected["timeUnixNano"]) < min(int(s["startTimeUnixNano"]) for s in spans) + 60e9
units = {name: metrics[name]["unit"] for name in ("brownout_bytes_total", "brownout_event_loop_lag_seconds", "brownout_halted")}
assert list(units.values()) == ["By", "s", "1"], units
assert metrics["brownout_otlp_spans_lost_total"]["sum"]["dataPoints"][0]["asDouble"] == 0
P
pass "every fault is a span, and the counters arrive, although the collector refused at first"

logs main "/v1/traces: the answer is HTTP status 503; Brownout tries again"
logs main "accepts requests to http://127.0.0.1:$collector/main/v1/traces again"
if grep -q "secret" "$folder/main.log"; then fail "the log has the header's value: $(cat "$folder/main.log")"; fi
pass "the log warns once, without the header's value"

wait_for 20 has_lost late 1 || fail "a late collector: expected 1 lost span within 20 s, got $(lost late)"
[ "$(times late /v1/traces)" = 3 ] || fail "a late collector: expected three tries, got $(times late /v1/traces)"
logs late "1 event lost after several attempts: Timeout was reached"
pass "a collector that answers too late gets a span three times, and then it is counted as lost"

wait_for 10 arrived metrics || fail "a collector that refuses metrics: expected the spans, got none"
wait_for 10 arrived traces || fail "a collector without metrics: expected the spans, got none"
request metrics
wait_for 10 arrived metrics 2 || fail "a collector that refuses metrics: expected the second span, got none"
end metrics
end traces
[ "$(times metrics /v1/metrics)" -le 3 ] || fail "refused metrics: expected no retries, got $(times metrics /v1/metrics) requests"
[ "$(times traces /v1/metrics)" -ge 2 ] || fail "a collector without metrics: expected at least two requests, got $(times traces /v1/metrics)"
[ "$(grep -c OTLP "$folder/traces.log")" = 1 ] || fail "a collector without metrics: expected one line in the log, got: $(cat "$folder/traces.log")"
logs traces "check that the collector has a pipeline for metrics"
pass "refused metrics delay no spans, and a missing pipeline is told once"

wait_for 20 arrived busy 2 || fail "a busy collector: expected a second try, got none"
/usr/bin/python3 - "$folder/requests" >"$folder/out" 2>&1 <<'P' || fail "Retry-After: $(cat "$folder/out")"
import json, sys
times = [each["time"] for each in map(json.loads, open(sys.argv[1], encoding="utf-8")) if each["client"] == "busy" and each["path"] == "/v1/traces"]
assert times[1] - times[0] > 2.9, f"expected a pause of 3 s, got {times[1] - times[0]:.3f} s"
P
pass "Retry-After is waited for"

wait_for 10 has_lost partial 1 || fail "a partial success: expected 1 lost span, got $(lost partial)"
logs partial "the collector rejected 1 span at http://127.0.0.1:$collector/partial/v1/traces: too old"
wait_for 10 has_lost refused 1 || fail "a refusal: expected 1 lost span, got $(lost refused)"
logs refused "/v1/traces: the answer is HTTP status 400: bad  span; these events are lost (see the collector's log)"
wait_for 10 has_lost denied 1 || fail "a refusal: expected 1 lost span, got $(lost denied)"
logs denied "check the credentials in OTEL_EXPORTER_OTLP_HEADERS"
logs moved "redirects are not followed; if it is the collector, give --otlp http://127.0.0.1:9"
pass "spans that the collector rejects are counted, and its words are in the log"

wait_for 10 arrived trusted || fail "OTEL_EXPORTER_OTLP_CERTIFICATE: expected spans, got: $(cat "$folder/trusted.log")"
wait_for 10 arrived system || fail "SSL_CERT_FILE: expected spans, got: $(cat "$folder/system.log")"
wait_for 10 grep -q OTLP "$folder/untrusted.log" || fail "an untrusted certificate: expected a warning, got: $(cat "$folder/untrusted.log")"
logs untrusted "set OTEL_EXPORTER_OTLP_CERTIFICATE to the file of the collector's CA"
if arrived untrusted; then fail "an untrusted certificate: expected no request, got one"; fi
OTEL_EXPORTER_OTLP_CERTIFICATE="$folder/none" expect_code 2 "$brownout" run "$folder/main.toml" --api off --otlp "https://127.0.0.1:$secure"
expect_text err "correct OTEL_EXPORTER_OTLP_CERTIFICATE"
pass "the collector's certificate is verified, with the CA of the environment"

expect_code 2 "$brownout" run "$folder/main.toml" --api off --otlp "127.0.0.1:$collector"
expect_text err "is not an HTTP URL"
expect_code 2 "$brownout" run "$folder/main.toml" --api off --otlp "http://127.0.0.1:$collector/v1/traces"
expect_text err "to which Brownout adds the path of each signal: http://127.0.0.1:$collector"
OTEL_EXPORTER_OTLP_HEADERS="a=1,s3cret" OTEL_EXPORTER_OTLP_TIMEOUT=5s expect_code 0 \
  "$brownout" run "$folder/main.toml" --api off --for 10ms --otlp "http://127.0.0.1:$collector/quick"
expect_text err "OTEL_EXPORTER_OTLP_HEADERS: pair 2 is ignored"
expect_text err "OTEL_EXPORTER_OTLP_TIMEOUT: \"5s\" is ignored: write a number of milliseconds"
if grep -q s3cret "$folder/err"; then fail "the warning has the header's value: $(cat "$folder/err")"; fi
pass "a URL that is no base URL is refused; a malformed header is told without its value"

# A server of gRPC sends HTTP/2's SETTINGS; another accepts and never answers.
start servers /usr/bin/python3 -c "
import socket, threading, time
silent = socket.create_server(('127.0.0.1', $((collector + 1000))))
listener = socket.create_server(('127.0.0.1', $((collector + 2000))))
while True:
    client = listener.accept()[0]
    client.sendall(b'\0\0\x06\x04\0\0\0\0\0\0\x05\0\0\x40\0')
    client.recv(100000)
    time.sleep(.1)
    client.close()"
exporter grpc "http://127.0.0.1:$((collector + 2000))"
exporter silent "http://127.0.0.1:$((collector + 1000))"
wait_for 10 request silent || fail "behind a silent collector: expected an answer through the proxy, got none"
wait_for 10 grep -q "this port does not answer with HTTP/1: give --otlp the port of OTLP over HTTP, usually 4318" "$folder/grpc.log" ||
  fail "a port of gRPC: expected a hint, got: $(cat "$folder/grpc.log")"
end silent
logs silent "1 event not delivered"
pass "a silent collector delays neither traffic nor the end, and the lost events are counted"
