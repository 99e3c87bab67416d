#!/usr/bin/env bash
# Installs what is missing, builds, and runs all tests. Options go to ctest, e.g. tests/run.sh -R latency
set -euo pipefail
cd "$(dirname "$0")/.."
.ci/install-packages --tests
cmake --preset release
cmake --build --preset release
ctest --test-dir build/release --output-on-failure -j2 "$@"
