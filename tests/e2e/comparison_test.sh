#!/usr/bin/env bash
# Runs each rule of docs/comparison.md, as it is printed there, with real clients and servers.
#
#   comparison_test.sh BROWNOUT [PART OF A ROW'S NAME]
brownout=$1
source "$(dirname "$0")/lib.sh"
need python3 curl dig redis-server redis-cli openssl psql
export PYTHONDONTWRITEBYTECODE=1

/usr/bin/python3 "$(dirname "$0")/comparison/run.py" "$brownout" "$folder" "${2:-}" || fail "the rows above"
pass "each rule of the comparison does what its row says"
