#!/usr/bin/env bash
# Tests socket activation, and the example files for service managers, clusters and containers:
# their rules load, and their structure is valid.
brownout=$1
source "$(dirname "$0")/lib.sh"
need curl python3 nginx
examples=$(dirname "$0")/../../examples

mkdir -p "$folder/files"
echo hello >"$folder/files/hello"
web=$(free_port)
start_nginx "$web" "server { listen 127.0.0.1:$web; root $folder/files; }"
cat >"$folder/manager.py" <<'P'
import os, socket, sys
name, port = sys.argv[1], int(sys.argv[2])
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("127.0.0.1", port)); s.listen()
os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES=name)
os.execvp(sys.argv[3], sys.argv[3:])
P
port=$(free_port)
# The port in the rule file is ignored: the listener uses the socket that the service manager
# passed.
rule_file "$web" "$(free_port)" '[[rule]]
name = "away"
start = "2s"
duration = "2s"
fault = { type = "down" }' >"$folder/rules.toml"
start handed /usr/bin/python3 "$folder/manager.py" front "$port" "$brownout" run "$folder/rules.toml" --drain 0s --api off
serves() { [ "$(curl -sS --max-time 2 "http://127.0.0.1:$port/hello" 2>/dev/null)" = hello ]; }
wait_for 10 serves ||
  fail "socket activation: expected a reply through the socket passed by the service manager, got none; log: $(cat "$folder/handed.log")"
refuses() { ! listens "$port"; }
wait_for 10 refuses || fail "fault \"down\": expected the listener to refuse connections, but it still accepts them"
wait_for 10 serves ||
  fail "fault \"down\" has ended: expected the listener to accept connections again, but it does not; log: $(cat "$folder/handed.log")"
kill "$last_pid"
rc=0
/usr/bin/python3 "$folder/manager.py" stranger "$(free_port)" "$brownout" run "$folder/rules.toml" --api off 2>"$folder/said" || rc=$?
[ "$rc" = 2 ] && grep -q 'FileDescriptorName=' "$folder/said" ||
  fail "a passed socket that no listener uses: expected exit code 2 and a message about FileDescriptorName=, got exit code $rc and: $(cat "$folder/said")"
pass "a socket from a service manager is served, closed by a down rule, and opened again"

for file in "$examples"/systemd/rules.toml "$examples"/compose/rules.toml; do
  "$brownout" check "$file" >/dev/null || fail "$file: expected a valid rule file, but check reports errors"
done
"$brownout" check --exec "$examples/exec/messenger.toml" >/dev/null ||
  fail "examples/exec/messenger.toml: expected a valid rule file, but check --exec reports errors"
"$brownout" intercept print "$examples/compose/rules.toml" --uid 1000 | grep -q 'redirect to :15001' ||
  fail "examples/compose/rules.toml: expected intercept print to redirect to port 15001, but its output lacks that rule"
"$brownout" intercept print "$examples/compose/rules.toml" --uid 1000 --output json >"$folder/print.json"
python3 -c "
import json
report = json.load(open('$folder/print.json'))
assert 'redirect to :15001' in report['nftables'] and report['routes'] == [], report
" || fail "intercept print --output json: $(cat "$folder/print.json")"
/usr/bin/python3 - "$examples" "$folder" <<'P' || fail "examples/systemd, kubernetes or compose: expected a valid structure, got the Python error above"
import configparser, json, sys
import jsonschema, yaml
examples, folder = sys.argv[1:]
# No cluster is available to these tests, so the manifests are checked against the API's schemas.
container = {"type": "object", "required": ["name", "image"], "additionalProperties": False, "properties": {
    "name": {"type": "string", "pattern": "^[a-z0-9-]+$"}, "image": {"type": "string"},
    "command": {"type": "array", "items": {"type": "string"}},
    "securityContext": {"type": "object", "additionalProperties": False, "properties": {
        "runAsUser": {"type": "integer"}, "runAsNonRoot": {"type": "boolean"}, "allowPrivilegeEscalation": {"type": "boolean"},
        "capabilities": {"type": "object", "additionalProperties": False, "properties": {
            "add": {"type": "array", "items": {"type": "string"}}, "drop": {"type": "array", "items": {"type": "string"}}}}}},
    "volumeMounts": {"type": "array", "items": {"type": "object", "required": ["name", "mountPath"], "additionalProperties": False,
                                                 "properties": {"name": {"type": "string"}, "mountPath": {"type": "string"}}}}}}
pod = {"type": "object", "required": ["apiVersion", "kind", "metadata", "spec"], "additionalProperties": False, "properties": {
    "apiVersion": {"const": "v1"}, "kind": {"const": "Pod"}, "metadata": {"type": "object", "required": ["name"]},
    "spec": {"type": "object", "required": ["containers"], "additionalProperties": False, "properties": {
        "initContainers": {"type": "array", "items": container}, "containers": {"type": "array", "items": container},
        "volumes": {"type": "array", "items": {"type": "object", "required": ["name", "configMap"]}}}}}}
service = {"type": "object", "required": ["image"], "additionalProperties": False, "properties": {
    "image": {"type": "string"}, "command": {"type": "array", "items": {"type": "string"}}, "user": {"type": "string"},
    "volumes": {"type": "array", "items": {"type": "string"}}, "network_mode": {"type": "string"},
    "cap_add": {"type": "array", "items": {"type": "string"}}, "depends_on": {"type": ["array", "object"]}}}
rules, chat = yaml.safe_load_all(open(f"{examples}/kubernetes/sidecar.yaml"))
jsonschema.validate(chat, pod)
assert rules["kind"] == "ConfigMap" and rules["apiVersion"] == "v1"
volumes = {one["name"] for one in chat["spec"]["volumes"]}
for one in chat["spec"]["initContainers"] + chat["spec"]["containers"]:
    assert all(mount["name"] in volumes for mount in one.get("volumeMounts", [])), one["name"]
assert chat["spec"]["volumes"][0]["configMap"]["name"] == rules["metadata"]["name"]
open(f"{folder}/sidecar.toml", "w").write(rules["data"]["rules.toml"])
compose = yaml.safe_load(open(f"{examples}/compose/compose.yaml"))
assert set(compose) == {"services"}
for name, one in compose["services"].items():
    jsonschema.validate(one, service)
for name in ("brownout.service", "brownout.socket"):
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read(f"{examples}/systemd/{name}")
    assert "Unit" in unit and "Install" in unit, name
assert unit["Socket"]["FileDescriptorName"] == "chat"
P
"$brownout" check "$folder/sidecar.toml" >/dev/null ||
  fail "examples/kubernetes/sidecar.yaml: expected valid rules in the ConfigMap, but check reports errors"
pass "the examples for systemd, Kubernetes and Compose are valid, and so are their rules"
