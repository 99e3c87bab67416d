#!/usr/bin/env bash
# Runs each fuzzer on its corpus for FUZZ_SECONDS (default 10), two at a time. Arguments select
# fuzzers by name; the default is all.
set -euo pipefail
cd "$(dirname "$0")/../.."
export FUZZ_SECONDS=${FUZZ_SECONDS:-10}

smoke() {
  local fresh log code=0
  fresh=$(mktemp -d)
  log=$fresh.log
  "build/fuzz/tests/fuzz/fuzz_$1" -max_total_time="$FUZZ_SECONDS" -print_final_stats=1 -artifact_prefix="$fresh." \
    "$fresh" "tests/fuzz/corpus/$1" >"$log" 2>&1 || code=$?
  if [ "$code" -eq 0 ]; then
    echo "$1: $(awk '/number_of_executed_units/ { print $2 }' "$log") inputs"
  else
    cat "$log"
    echo "$1: failed; the input is $(ls "$fresh".*-* 2>/dev/null || echo "above, in base64")"
  fi
  rm -rf "$fresh" "$log"
  return "$code"
}
export -f smoke
names=("$@")
[ $# -gt 0 ] || mapfile -t names < <(find build/fuzz/tests/fuzz -maxdepth 1 -name 'fuzz_*' -type f -perm -u+x -printf '%f\n' | sed 's/^fuzz_//' | sort)
[ ${#names[@]} -gt 0 ] || { echo "no fuzzer is built: cmake --preset fuzz && cmake --build --preset fuzz" >&2; exit 1; }
printf '%s\n' "${names[@]}" | xargs -P 2 -I{} bash -c 'smoke {}'
