#!/usr/bin/env bash
# Installs what is missing, builds, and runs all tests. Options go to ctest, e.g. tests/run.sh -R latency
set -euo pipefail
cd "$(dirname "$0")/.."
.ci/install-packages --tests
# The published client of Toxiproxy, which drives our stand-in for its server.
[ -d build/npm/node_modules/toxiproxy-node-client ] ||
  npm install --prefix build/npm --no-audit --no-fund --silent toxiproxy-node-client@4.1.0
cmake --preset release
cmake --build --preset release
ctest --test-dir build/release --output-on-failure -j2 "$@"
