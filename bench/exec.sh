#!/usr/bin/env bash
# Measures the cost of `brownout exec` without rules: the additional start time of a command, and the speed of its
# connections compared with connections to an explicit listener.
#
#   bench/exec.sh [--quick] [--json FILE] [--rounds N]
set -euo pipefail
cd "$(dirname "$0")/.."
source bench/run.sh
run_bench exec "" "$@"
