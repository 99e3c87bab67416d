#!/usr/bin/env bash
# Runs the interop test cases of gRPC with the clients and servers of Go and Java: directly, and
# through listeners without rules. All must give the same results. CI does not run this script,
# because it takes minutes. It needs go (1.24 or newer), mvn and java (17), which are not among
# Brownout's packages, and downloads the tests through the proxy of Go modules and Maven Central.
#
#   tests/grpc_interop.sh [--brownout FILE] [--only CASE]     e.g. --only ping_pong
#
# tests/e2e/grpc_test.sh does the same with Python and Node.js, in CI.
set -euo pipefail
cd "$(dirname "$0")/.."

brownout=build/release/proxy/brownout
cases=(empty_unary large_unary client_streaming server_streaming ping_pong empty_stream timeout_on_sleeping_server
  cancel_after_begin cancel_after_first_response status_code_and_message special_status_message custom_metadata
  unimplemented_method unimplemented_service)
while [ $# -gt 0 ]; do
  case $1 in
    --brownout) brownout=$2; shift 2 ;;
    --only) cases=("$2"); shift 2 ;;
    *) sed -n '7p' "$0" | sed 's/^# *//' >&2; exit 2 ;;
  esac
done
brownout=$(realpath "$brownout")
for tool in go mvn java; do
  command -v "$tool" >/dev/null || { echo "$tool is needed and not installed; on Debian: apt-get install golang-go maven openjdk-17-jdk-headless" >&2; exit 1; }
done

folder=$PWD/build/grpc-interop
mkdir -p "$folder"
[ -x "$folder/client" ] || GOBIN=$folder go install google.golang.org/grpc/interop/{server,client}@v1.85.0
if [ ! -d "$folder/jars" ]; then
  cat >"$folder/pom.xml" <<'P'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>brownout</groupId><artifactId>interop</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>io.grpc</groupId><artifactId>grpc-interop-testing</artifactId><version>1.79.0</version></dependency>
  </dependencies>
</project>
P
  (cd "$folder" && mvn -B -q dependency:copy-dependencies -DoutputDirectory=jars)
fi
java=(java -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto -cp "$folder/jars/*")
testing=io.grpc.testing.integration

work=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; wait; rm -rf "$work"' EXIT
free_port() { /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
wait_for() {
  for _ in $(seq 300); do
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return
    sleep 0.1
  done
  echo "nobody listens on port $1" >&2
  cat "$work"/*.log >&2
  exit 1
}
start() {
  "${@:2}" >"$work/$1.log" 2>&1 &
  pids+=($!)
}

declare -A port
port[go]=$(free_port)
port[java]=$(free_port)
start go "$folder/server" -port "${port[go]}"
start java "${java[@]}" $testing.TestServiceServer --port="${port[java]}" --use_tls=false
ways=(direct grpc-2 grpc-auto http-2 http-auto)
{
  echo 'version = 1'
  for server in go java; do
    for way in "${ways[@]:1}"; do
      port[$server-$way]=$(free_port)
      printf '[[upstream]]\nname = "%s"\nservers = ["127.0.0.1:%s"]\nhttp = "%s"\n' "$server-$way" "${port[$server]}" "${way#*-}"
      printf '[[listener]]\nname = "%s"\nprotocol = "%s"\nlisten = "127.0.0.1:%s"\nupstream = "%s"\n' \
        "$server-$way" "${way%-*}" "${port[$server-$way]}" "$server-$way"
    done
  done
} >"$work/rules.toml"
start brownout "$brownout" run "$work/rules.toml" --api off
for each in "${!port[@]}"; do wait_for "${port[$each]}"; done

# run CLIENT PORT CASE: prints "ok" or "fails".
run() {
  local command=("$folder/client" -server_host 127.0.0.1 -server_port "$2" -test_case "$3")
  [ "$1" = go ] || command=("${java[@]}" $testing.TestServiceClient --server_host=127.0.0.1 --server_port="$2" --use_tls=false --test_case="$3")
  if timeout 60 "${command[@]}" >"$work/last.log" 2>&1; then echo ok; else echo fails; cp "$work/last.log" "$folder/$1-$2-$3.log"; fi
}
code=0
for client in go java; do
  for server in go java; do
    printf '\n%-40s' "$client to $server"
    printf '%10s' "${ways[@]}"
    for case in "${cases[@]}"; do
      printf '\n%-40s' "  $case"
      direct=''
      for way in "${ways[@]}"; do
        at=${port[$server-$way]:-${port[$server]}}
        result=$(run "$client" "$at" "$case")
        printf '%10s' "$result"
        [ "${direct:=$result}" = "$result" ] || code=1
      done
    done
    echo
  done
done
[ $code = 0 ] && echo 'all results are the same as directly' || echo "some results differ; logs in $folder" >&2
exit $code
