#!/usr/bin/env bash
# Measures the cost of `brownout exec` without rules: how much longer a command takes to start, and
# the speed of its connections compared with connections to an ordinary listener.
#
#   bench/exec.sh [--quick] [--json FILE] [--rounds N]
set -euo pipefail
cd "$(dirname "$0")/.."
source bench/run.sh
run_bench exec "" "$@"
