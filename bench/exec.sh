#!/usr/bin/env bash
# What `brownout exec` costs: how much longer a command takes to start than by itself, and what its connections carry
# beside those to a listener that is named (an explicit proxy), with no rule in either.
#
#   bench/exec.sh [--quick] [--json FILE] [--rounds N]
set -euo pipefail
cd "$(dirname "$0")/.."
source bench/run.sh
run_bench exec "" "$@"
