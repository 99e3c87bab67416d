# Functions for the HTTP/2 tests: the servers, a certificate, and Brownout with several listeners.

# start_http2_server: starts http2_server.js, and sets $h1, $h2, $h1s and $h2s to its ports: HTTP/1
# and HTTP/2, without and with TLS. $folder/big is its large body.
start_http2_server() {
  export NODE_PATH=/usr/share/nodejs
  head -c 3000000 /dev/urandom >"$folder/big"
  openssl req -x509 -newkey rsa:2048 -nodes -keyout "$folder/key.pem" -out "$folder/cert.pem" -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 2>/dev/null
  start server node "$(dirname "$0")/http2_server.js" "$folder"
  wait_for 30 test -s "$folder/ports" || fail "the HTTP/2 server: expected it to start within 30 s; log: $(cat "$folder/server.log")"
  source "$folder/ports"
}

# upstream NAME PORT [KEYS]: prints an [[upstream]]. listener NAME UPSTREAM [KEYS]: prints a
# [[listener]]; port_of NAME then prints its port.
upstream() { printf '[[upstream]]\nname = "%s"\nservers = ["127.0.0.1:%s"]\n%s\n' "$1" "$2" "${3:-}"; }
listener() {
  free_port >"$folder/$1.port"
  printf '[[listener]]\nname = "%s"\nlisten = "127.0.0.1:%s"\nupstream = "%s"\n%s\n' "$1" "$(cat "$folder/$1.port")" "$2" "${3:-protocol = \"http\"}"
}
port_of() { cat "$folder/$1.port"; }
secure="protocol = \"http\"
tls = { certificate = \"$folder/cert.pem\", key = \"$folder/key.pem\" }"
trust="tls = { ca = \"$folder/cert.pem\" }"

# run_brownout NAME [OPTION...]: runs Brownout with the rules on stdin and its API on $api, and sets
# $brownout_pid.
run_brownout() {
  cat >"$folder/$1.toml"
  api=$(free_port)
  start "$1" "$brownout" run "$folder/$1.toml" --events "$folder/$1.jsonl" --drain 0s --api "127.0.0.1:$api" "${@:2}"
  brownout_pid=$last_pid
  wait_port "$api"
  export BROWNOUT_URL=http://127.0.0.1:$api
}
# The connections of Brownout which the other end has closed and Brownout has not.
half_closed() { ss -Htnp state close-wait | grep "pid=$brownout_pid,"; }
none_half_closed() { ! half_closed; }
alive() { kill -0 "$brownout_pid" 2>/dev/null || fail "$1: Brownout has ended; log: $(tail -n 5 "$folder/$2.log")"; }

# checks NAME SERVER_VERSION LISTENER SCRIPT CHECK...: runs checks of SCRIPT.js against a listener.
checks() {
  local scheme=http
  grep -A4 "^name = \"$3\"" "$folder/brownout.toml" | grep -q '^tls' && scheme=https
  SERVER=$2 CA=$folder/cert.pem timeout 60 node "$(dirname "$0")/$4.js" "$scheme://127.0.0.1:$(port_of "$3")" "$folder/big" "${@:5}" >"$folder/checks" 2>&1 ||
    fail "$1: expected each check to be ok, got: $(cut -c1-300 "$folder/checks") (log: $(tail -n 2 "$folder/brownout.log" | cut -c1-200))"
  alive "$1" brownout
  pass "$1: ${*:5}"
}
# An amount of KiB that only Brownout holds.
held() { awk '/^RssAnon/ { print $2 }' "/proc/$brownout_pid/status"; }
# A sanitizer's own memory is many times larger, so bounds do not apply there.
sanitized() { grep -qE '__(asan|tsan)_init' "$brownout"; }
