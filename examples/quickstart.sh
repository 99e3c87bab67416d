#!/usr/bin/env bash
# Installs what is missing, builds Brownout, and shows it at work: a proxy in front of an embedded server, with
# faults switched on and off while an embedded client shows what it feels.
set -euo pipefail
cd "$(dirname "$0")/.."
.ci/install-packages
cmake --preset release
cmake --build --preset release --target brownout
build/release/proxy/brownout demo
echo "The binary: build/release/proxy/brownout    Its commands: brownout --help    Rule files: examples/rules/"
