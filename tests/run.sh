#!/usr/bin/env bash
# Installs missing packages, builds, and runs all tests. Options are passed to ctest, e.g.
# tests/run.sh -R latency
set -euo pipefail
cd "$(dirname "$0")/.."
.ci/install-packages --tests
. .ci/steps.sh
step "release: configure" cmake --preset release
step "release: build" cmake --build --preset release
step "release: test" ctest --test-dir build/release --output-on-failure -j "$test_jobs" "$@"
