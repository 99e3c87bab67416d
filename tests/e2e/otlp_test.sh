#!/usr/bin/env bash
# Tests the export to an OpenTelemetry collector: each fault is a span in the trace of its request,
# and the counters arrive as metrics. A collector that fails delays nothing and loses nothing.
brownout=$1
here=$(cd "$(dirname "$0")" && pwd)
source "$here/lib.sh"
need curl python3

echo hello >"$folder/index.html"
web=$(free_port) collector=$(free_port) port=$(free_port)
start web /usr/bin/python3 -m http.server "$web" --bind 127.0.0.1 --directory "$folder"
start collector /usr/bin/python3 "$here/otlp_receiver.py" "$collector" "$folder/requests" 2
cat >"$folder/rules.toml" <<R
[[listener]]
name = "web"
protocol = "http"
listen = "127.0.0.1:$port"
upstream = "127.0.0.1:$web"
[[rule]]
name = "slow"
fault = { type = "delay", delay = "20ms" }
R
wait_for 10 curl -sf "http://127.0.0.1:$web/" -o /dev/null
OTEL_EXPORTER_OTLP_HEADERS="api-key=se%63ret" OTEL_SERVICE_NAME=staging \
  start proxy "$brownout" run "$folder/rules.toml" --api off --otlp "http://127.0.0.1:$collector/" --events "$folder/events"
proxy=$last_pid
wait_for 10 curl -sf "http://127.0.0.1:$port/" -o /dev/null
trace=0af7651916cd43dd8448eb211c80319c
curl -sf -H "traceparent: 00-$trace-b7ad6b7169203331-01" "http://127.0.0.1:$port/index.html" -o /dev/null ||
  fail "a request through the proxy: expected an answer, got none"
wait_for 20 grep -q "$trace" "$folder/requests" || fail "the collector: expected the span of the request within 20 s, got: $(cat "$folder/proxy.log")"
kill "$proxy"
wait_for 15 bash -c "! kill -0 $proxy" || fail "the proxy: expected it to end within 15 s of SIGTERM, and it still runs"

# The file of requests, judged by the OTLP specification.
/usr/bin/python3 - "$folder/requests" "$(wc -l <"$folder/events")" >"$folder/out" <<'P' || fail "the exported spans and metrics: $(cat "$folder/out")"
import json, sys
spans, metrics = [], {}
for line in open(sys.argv[1], encoding="utf-8"):
    request = json.loads(line)
    assert request["key"] == "secret", f"expected the header of the environment, got {request['key']}"
    for resource in request["body"].get("resourceSpans", []):
        assert {"key": "service.name", "value": {"stringValue": "staging"}} in resource["resource"]["attributes"], resource["resource"]
        assert request["path"] == "/v1/traces", request["path"]
        spans += [span for scope in resource["scopeSpans"] for span in scope["spans"]]
    for resource in request["body"].get("resourceMetrics", []):
        assert request["path"] == "/v1/metrics", request["path"]
        for metric in (metric for scope in resource["scopeMetrics"] for metric in scope["metrics"]):
            metrics[metric["name"]] = metric
assert len(spans) == int(sys.argv[2]), f"expected {sys.argv[2]} spans, as many as events, got {len(spans)}"
for span in spans:
    assert span["name"] == "delay delay", span["name"]
    assert int(span["endTimeUnixNano"]) - int(span["startTimeUnixNano"]) == 20_000_000, span
injected = metrics["brownout_faults_injected_total"]["sum"]["dataPoints"][0]
assert injected["asDouble"] == len(spans), f"expected {len(spans)} injected faults, got {injected}"
assert "brownout_request_duration_seconds" in metrics, sorted(metrics)
P
pass "every fault is a span, and the counters arrive, although the collector refused at first"

grep -q "OTLP: the collector did not take" "$folder/proxy.log" || fail "a refusing collector: expected a warning in the log, got: $(cat "$folder/proxy.log")"
if grep -q "secret" "$folder/proxy.log"; then fail "the log has the header's value: $(cat "$folder/proxy.log")"; fi
pass "the log warns once, without the header's value"

expect_code 2 "$brownout" run "$folder/rules.toml" --api off --otlp "127.0.0.1:$collector"
expect_text err "is not an HTTP URL"
expect_code 2 "$brownout" run "$folder/rules.toml" --api off --otlp "http://127.0.0.1:$collector/v1/traces"
expect_text err "to which Brownout adds the path of each signal: http://127.0.0.1:$collector"
OTEL_EXPORTER_OTLP_HEADERS="a=1,s3cret" expect_code 0 "$brownout" run "$folder/rules.toml" --api off --for 10ms --otlp "http://127.0.0.1:$collector"
expect_text err "OTEL_EXPORTER_OTLP_HEADERS: pair 2 is left out"
if grep -q s3cret "$folder/err"; then fail "the warning has the header's value: $(cat "$folder/err")"; fi
pass "a URL that is no base URL is refused; a malformed header is told without its value"

# A collector that accepts and never answers.
start silent /usr/bin/python3 -c "
import socket, time
listener = socket.create_server(('127.0.0.1', $((collector + 1000))))
time.sleep(60)"
start blocked "$brownout" run "$folder/rules.toml" --api off --otlp "http://127.0.0.1:$((collector + 1000))"
blocked=$last_pid
wait_for 10 curl -sf "http://127.0.0.1:$port/" -o /dev/null || fail "behind a silent collector: expected an answer through the proxy, got none"
kill "$blocked"
wait_for 12 bash -c "! kill -0 $blocked" || fail "a silent collector: expected the proxy to end within 12 s of SIGTERM, and it still runs"
grep -q "events were not sent" "$folder/blocked.log" || fail "a silent collector: expected the number of lost events in the log, got: $(cat "$folder/blocked.log")"
pass "a silent collector delays neither traffic nor the end, and the lost events are counted"
