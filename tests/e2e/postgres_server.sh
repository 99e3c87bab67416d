# start_postgres FOLDER: starts a PostgreSQL server with TLS and without passwords; sets
# $postgres_port. Its certificate is $folder/server.pem. Used by tests of PostgreSQL, after lib.sh.
start_postgres() {
  local data=$1/data as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
  # The server refuses to run as root. Where this script cannot become another user, a user
  # namespace gives it another number.
  "${as[@]}" true 2>/dev/null || as=(unshare --user --map-user=65534 --map-group=65534)
  mkdir -p "$1"
  chmod 711 "$folder"
  [ "${as[0]}" != setpriv ] || chown 65534:65534 "$1"
  postgres_port=$(free_port)
  (cd "$1" && "${as[@]}" initdb -D "$data" -U postgres -A trust --no-sync >"$folder/initdb.txt" 2>&1) || fail "initdb: $(cat "$folder/initdb.txt")"
  (cd "$1" && "${as[@]}" openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
    -addext 'subjectAltName = IP:127.0.0.1' -keyout "$data/server.key" -out "$data/server.crt" 2>"$folder/openssl.txt") ||
    fail "openssl: $(cat "$folder/openssl.txt")"
  cp "$data/server.crt" "$folder/server.pem" 2>/dev/null || "${as[@]}" cat "$data/server.crt" >"$folder/server.pem"
  start postgres env -C "$1" "${as[@]}" "$programs/postgres" -D "$data" -p "$postgres_port" -h 127.0.0.1 -k '' -F -c ssl=on
  wait_port "$postgres_port"
  wait_for 20 psql -h 127.0.0.1 -p "$postgres_port" -U postgres -c 'select 1' || fail "no server: $(cat "$folder/postgres.log")"
}
