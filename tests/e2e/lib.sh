# Functions for the end-to-end tests. Each script runs in its own network namespace and temporary
# folder. At its end, the processes that it started are killed by their process ids.
#
#   brownout=$1; source lib.sh
set -euo pipefail
export LC_ALL=C
# Programs of Debian, which .ci/install-packages installs, take precedence over others of the same
# name (pyenv, conda, nvm).
export PATH=/usr/bin:/bin:/usr/sbin:/sbin:$PATH

# In its own network namespace each script can use any port, so scripts can run in parallel. Where
# namespaces are not allowed, random ports are used.
if [ -z "${BROWNOUT_E2E_NETWORK:-}" ]; then
  export BROWNOUT_E2E_NETWORK=own
  as=()
  [ "$(id -u)" -eq 0 ] || as=(--map-root-user)
  if unshare "${as[@]}" --net true 2>/dev/null; then
    exec unshare "${as[@]}" --net bash -c 'ip link set lo up && exec bash "$0" "$@"' "$0" "$@"
  fi
  BROWNOUT_E2E_NETWORK=shared
fi

folder=$(mktemp -d "${TMPDIR:-/tmp}/brownout-e2e.XXXXXX")
pids=()
clean_up() {
  local pid try
  for pid in "${pids[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  # A client that is about to reconnect may miss the signal.
  for ((try = 0; try < 200; try++)); do
    for pid in "${pids[@]}"; do kill -0 "$pid" 2>/dev/null && sleep 0.05 && continue 2; done
    break
  done
  for pid in "${pids[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$folder"
}
trap clean_up EXIT

fail() { echo "FAILED: $*" >&2; exit 1; }
pass() { echo "ok: $*"; }
need() { for tool in "$@"; do command -v "$tool" >/dev/null || fail "$tool is needed and not installed; run .ci/install-packages --tests"; done; }

# expect_code CODE COMMAND...: checks the exit code of COMMAND. Its output is then in $folder/out
# and $folder/err.
expect_code() {
  local code=0
  "${@:2}" >"$folder/out" 2>"$folder/err" || code=$?
  [ "$code" = "$1" ] || fail "${*:2}: expected exit code $1, got $code: $(cat "$folder/out" "$folder/err")"
}
# expect_text out|err TEXT: checks that the output of the last expect_code contains TEXT.
expect_text() { grep -qF -- "$2" "$folder/$1" || fail "the last command: expected the text \"$2\" on std$1, got: $(cat "$folder/$1")"; }

# free_port: prints a port below the kernel's ephemeral range that no other test in this network
# uses.
if [ "$BROWNOUT_E2E_NETWORK" = own ]; then echo 10000; else echo $((10000 + RANDOM % 20000)); fi >"$folder/last_port"
free_port() (
  flock 9
  port=$(($(cat "$folder/last_port") + 1))
  echo "$port" | tee "$folder/last_port"
) 9>"$folder/last_port.lock"

# start NAME COMMAND...: runs COMMAND in the background with its output in $folder/NAME.log, and
# sets $last_pid.
start() {
  local name=$1
  shift
  "$@" >"$folder/$name.log" 2>&1 &
  last_pid=$!
  pids+=("$last_pid")
}

# wait_for SECONDS COMMAND...: repeats the command until it succeeds.
wait_for() {
  local tries=$(($1 * 20))
  shift
  for ((i = 0; i < tries; i++)); do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.05
  done
  return 1
}
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
wait_port() { wait_for 30 listens "$1" || fail "port $1: expected a server to listen within 30 s, but none does"; }

# rule_file SERVER_PORT LISTEN_PORT [RULES [LISTENER_KEYS]]: prints a rule file with one listener.
rule_file() {
  local keys=${4:+$'\n'$4}
  cat <<EOF
version = 1
seed = 7
[[upstream]]
name = "server"
servers = ["127.0.0.1:$1"]
[[listener]]
name = "front"
listen = "127.0.0.1:$2"
upstream = "server"$keys
${3:-}
EOF
}

# proxy NAME SERVER_PORT [RULES [LISTENER_KEYS [OPTION...]]]: starts brownout in front of the
# server, and sets $proxy_port and $last_pid.
proxy() {
  local try
  for try in 1 2 3; do
    proxy_port=$(free_port)
    rule_file "$2" "$proxy_port" "${3:-}" "${4:-}" >"$folder/$1.toml"
    start "$1" "$brownout" run "$folder/$1.toml" --events "$folder/$1.jsonl" --drain 0s --api off "${@:5}"
    # The port may be in use for UDP, or another process may have taken it. Then the loop tries
    # another port.
    if wait_for 20 proxy_settled "$1" && grep -q 'listener front: 127' "$folder/$1.log"; then return; fi
  done
  fail "brownout with $folder/$1.toml: expected it to listen, but it does not; log: $(cat "$folder/$1.log")"
}
proxy_settled() { grep -q 'listener front: 127' "$folder/$1.log" || ! kill -0 "$last_pid"; }

# start_echo: starts a TCP echo server, and sets $echo_port.
start_echo() {
  cat >"$folder/echo.js" <<'P'
const server = require('net').createServer({ allowHalfOpen: true }, c => c.on('error', () => {}).pipe(c));
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
P
  start echo node "$folder/echo.js"
  wait_for 30 grep -q . "$folder/echo.log" || fail "expected the echo server to start within 30 s, but it did not: $(cat "$folder/echo.log")"
  echo_port=$(cat "$folder/echo.log")
}

# ask STATUS BODY_PATTERN CURL_OPTION...: checks the status and the body of a response, which is
# then in $folder/head and $folder/body.
ask() {
  local status=$1 pattern=$2 got
  shift 2
  got=$(curl -s -o "$folder/body" -D "$folder/head" -w '%{http_code}' "$@") || fail "curl $*: expected a response, but curl ended with exit code $?"
  [ "$got" = "$status" ] || fail "curl $*: expected the status $status, got $got with the body: $(cat "$folder/body"), not $status"
  grep -qE -- "$pattern" "$folder/body" || { [ -z "$pattern" ] && [ ! -s "$folder/body" ]; } ||
    fail "curl $*: expected a body that matches \"$pattern\", got: $(cat "$folder/body")"
}

# at_least A B: succeeds if A >= B. Both may have fractions.
at_least() { python3 -c "import sys; sys.exit(0 if float('$1') >= float('$2') else 1)"; }
now() { date +%s.%N; }
since() { python3 -c "import time; print(time.time() - float('$1'))"; }

# start_nginx PORT BLOCKS: starts nginx with BLOCKS inside http { }. It may serve the files in
# $folder/files.
start_nginx() {
  cat >"$folder/nginx.conf" <<EOF
worker_processes 1;
pid $folder/nginx.pid;
error_log $folder/nginx.err;
daemon off;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path $folder; proxy_temp_path $folder; fastcgi_temp_path $folder; uwsgi_temp_path $folder; scgi_temp_path $folder;
  $2
}
EOF
  chmod 755 "$folder"
  chmod -R a+rX "$folder/files"
  start nginx nginx -c "$folder/nginx.conf"
  wait_port "$1"
}

# start_mosquitto NAME CONFIG: starts an MQTT broker, and sets $broker and $broker_web. The word WEB
# in CONFIG stands for a second port.
start_mosquitto() {
  broker=$(free_port)
  broker_web=$(free_port)
  printf 'listener %s 127.0.0.1\n%s\nallow_anonymous true\n' "$broker" "${2//WEB/$broker_web}" >"$folder/$1.conf"
  start "$1" mosquitto -c "$folder/$1.conf"
  wait_port "$broker"
  if [[ "$2" = *WEB* ]]; then wait_port "$broker_web"; fi
}

# start_prosody CONFIG USER...: starts an XMPP server for localhost, and sets $server. CONFIG has
# its TLS settings. All passwords are "secret".
start_prosody() {
  local config=$1 user
  shift
  server=$(free_port)
  mkdir -p "$folder/data/localhost/accounts"
  for user in "$@"; do echo 'return { ["password"] = "secret" };' >"$folder/data/localhost/accounts/$user.dat"; done
  cat >"$folder/prosody.lua" <<CONFIG
run_as_root = true
pidfile = "$folder/prosody.pid"
data_path = "$folder/data"
interfaces = { "127.0.0.1" }
c2s_ports = { $server }
s2s_ports = {}
modules_enabled = { "roster", "saslauth", "tls", "ping", "smacks", "presence", "message", "iq", "offline" }
authentication = "internal_plain"
limits = { c2s = { rate = "100mb/s" } }
log = { warn = "*console" }
$config
VirtualHost "localhost"
CONFIG
  start prosody prosody -F --config "$folder/prosody.lua"
  wait_port "$server"
}
prosody_without_tls='modules_disabled = { "s2s", "tls" }
c2s_require_encryption = false
allow_unencrypted_plain_auth = true'
