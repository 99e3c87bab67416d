# run_bench SCRIPT "TOOL..." [OPTION...]: reads the options, builds, and runs bench/SCRIPT.py. Fails
# if a tool is missing.
set -euo pipefail

run_bench() {
  local script=$1 tools=$2 rounds=3 seconds=3 json=build/bench/$1.json tool
  shift 2
  while [ $# -gt 0 ]; do
    case $1 in
      --quick) rounds=1 seconds=1 ;;
      --json) json=$2; shift ;;
      --rounds) rounds=$2; shift ;;
      *) echo "usage: bench/$script.sh [--quick] [--json FILE] [--rounds N]" >&2; exit 2 ;;
    esac
    shift
  done
  for tool in $tools /usr/bin/python3; do
    command -v "$tool" >/dev/null || { echo "$tool is needed and not installed; run .ci/install-packages --bench" >&2; exit 2; }
  done
  cmake --preset release >/dev/null
  cmake --build --preset release --target brownout brownout_load >/dev/null
  exec /usr/bin/python3 "bench/$script.py" --rounds "$rounds" --seconds "$seconds" --json "$json" \
    --brownout build/release/proxy/brownout --load build/release/bench/brownout_load
}
