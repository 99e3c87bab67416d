#!/usr/bin/env bash
# Runs Redis' own test suite three times: against redis-server itself, through a listener without
# rules, and through a listener with a rule that never matches. All three runs must give the same
# results. CI does not run this script, because it takes minutes.
#
#   tests/redis_suite.sh [--brownout FILE] [--only UNIT]     e.g. --only unit/type/list
#
# The suite is part of Debian's source package of the installed Redis version. It runs against an
# external server, which the suite supports for most tests; the others are skipped in all three
# runs.
set -euo pipefail
cd "$(dirname "$0")/.."

brownout=build/release/proxy/brownout
only=()
while [ $# -gt 0 ]; do
  case $1 in
    --brownout) brownout=$2; shift 2 ;;
    --only) only=(--single "$2"); shift 2 ;;
    *) sed -n '5,8s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
done
brownout=$(realpath "$brownout")
.ci/install-packages --tests --suites

folder=$PWD/build/redis-suite
mkdir -p "$folder/apt/lists/partial" "$folder/apt/archives/partial"
if ! ls "$folder"/redis-*/runtest >/dev/null 2>&1; then
  # A machine's package sources may lack source packages, so the script uses its own list of
  # sources.
  release=$(. /etc/os-release && echo "$VERSION_CODENAME")
  echo "deb-src http://deb.debian.org/debian $release main" > "$folder/sources.list"
  apt=(apt-get -q -o Dir::Etc::sourcelist="$folder/sources.list" -o Dir::Etc::sourceparts=/nonexistent
    -o Dir::State::lists="$folder/apt/lists" -o Dir::Cache="$folder/apt" -o APT::Sandbox::User=root)
  "${apt[@]}" update
  (cd "$folder" && "${apt[@]}" source --download-only redis && tar xf redis_*.orig.tar.gz)
fi
suite=$(dirname "$(ls "$folder"/redis-*/runtest)")

work=$(mktemp -d)
pids=()
stop() {
  [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true
  wait
  pids=()
}
trap 'stop; rm -rf "$work"' EXIT
free_port() { /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
wait_for() {
  for _ in $(seq 100); do
    redis-cli -p "$1" ping >/dev/null 2>&1 && return
    sleep 0.1
  done
  echo "nobody answers on port $1" >&2
  cat "$work"/*.log >&2
  exit 1
}

# run NAME RULES...: writes the result of each test to $work/NAME, one per line, sorted by test
# name.
run() {
  local name=$1 server port
  shift
  server=$(free_port)
  redis-server --port "$server" --save '' --dir "$work" --enable-debug-command yes --enable-module-command yes \
    --enable-protected-configs yes --daemonize no > "$work/server.log" &
  pids+=($!)
  wait_for "$server"
  port=$server
  if [ "$name" != direct ]; then
    port=$(free_port)
    { printf 'version = 1\n[[upstream]]\nname = "redis"\nservers = ["127.0.0.1:%s"]\n' "$server"
      printf '[[listener]]\nname = "redis"\nprotocol = "redis"\nlisten = "127.0.0.1:%s"\nupstream = "redis"\n' "$port"
      printf '%s\n' "$@"; } > "$work/rules.toml"
    "$brownout" run "$work/rules.toml" --api off > "$work/brownout.log" 2>&1 &
    pids+=($!)
    wait_for "$port"
  fi
  echo "== $name"
  (cd "$suite" && timeout 1200 ./runtest --host 127.0.0.1 --port "$port" --baseport "$(free_port)" "${only[@]}") \
    > "$work/$name.log" 2>&1 || true
  stop
  sed 's/\x1b\[[0-9;]*m//g' "$work/$name.log" | sed -nE 's/^\[(ok|err|exception|skip|ignore)\]: (.*)$/\1 \2/p' |
    sed -E 's/ \([0-9]+ ms\)$//; s/^(err|exception|ignore) (.*) in tests.*/\1 \2/' | sort > "$work/$name"
  cut -d' ' -f1 "$work/$name" | sort | uniq -c | sed 's/^/  /'
  if ! grep -q '^ok ' "$work/$name"; then
    tail -20 "$work/$name.log" >&2
    exit 1
  fi
}

run direct
run without_rules
run with_a_rule '[[rule]]' 'name = "never"' 'match = { key = "a key that never comes" }' 'fault = { type = "drop" }'

code=0
for name in without_rules with_a_rule; do
  if diff "$work/direct" "$work/$name"; then
    echo "$name: the same as directly"
  else
    code=1
    cp "$work/$name.log" "$work/direct.log" "$folder/"
  fi
done
exit $code
