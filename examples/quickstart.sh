#!/usr/bin/env bash
# Installs missing packages, builds Brownout, and runs its demo. The demo rehearses the outage of 4
# October 2021 with an embedded messaging service and fifty embedded clients, and writes a report.
set -euo pipefail
cd "$(dirname "$0")/.."
.ci/install-packages
. .ci/steps.sh
step "configure" cmake --preset release
step "build (about three minutes on two cores)" cmake --build --preset release --target brownout brownout_generated
step "demo" build/release/proxy/brownout demo
echo "The binary: build/release/proxy/brownout    Its commands: brownout --help    Rule files: examples/rules/"
