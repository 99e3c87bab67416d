#!/usr/bin/env bash
# Tests the CI recipes in examples/ci: each is parsed as its CI system does, and its commands are
# run.
brownout=$1
source "$(dirname "$0")/lib.sh"
# Use Debian's python3, for which the modules are installed, even if another python3 comes first in
# PATH.
need /usr/bin/python3 cmake ctest
root=$(cd "$(dirname "$0")/../.." && pwd)
outage=$root/examples/outages/redundant-server.toml
mkdir "$folder/bin" && ln -s "$(realpath "$brownout")" "$folder/bin/brownout"
export PATH=$folder/bin:$PATH

# Extracts the shell commands of the recipes, unchanged.
/usr/bin/python3 - "$root/examples/ci" "$folder" <<'P'
import sys, yaml
recipes, folder = sys.argv[1:]
action = yaml.safe_load(open(f'{recipes}/action.yml'))
steps = action['runs']['steps']
assert action['runs']['using'] == 'composite' and steps[1]['if'] == 'always()'
open(f'{folder}/action.sh', 'w').write('set -e\n' + steps[0]['run'])
job = yaml.safe_load(open(f'{recipes}/gitlab-ci.yml'))['rehearse']
assert job['artifacts']['reports']['junit'] == 'brownout-report/junit.xml'
open(f'{folder}/gitlab.sh', 'w').write('set -e\n' + '\n'.join(job['script']))
P
for handling in well badly; do
  expected=$([ "$handling" = well ] && echo 0 || echo 1)
  for recipe in action gitlab; do
    mkdir "$folder/$recipe-$handling"
    code=0
    (cd "$folder/$recipe-$handling" && OUTAGE=$outage OPTIONS="--embedded $handling --virtual-time" GITHUB_STEP_SUMMARY=summary bash ../$recipe.sh) \
      >"$folder/$recipe.txt" 2>&1 || code=$?
    [ "$code" = "$expected" ] ||
      fail "$recipe, outage handled $handling: expected exit code $expected, got $code; output: $(cat "$folder/$recipe.txt")"
    [ -s "$folder/$recipe-$handling/brownout-report/junit.xml" ] ||
      fail "$recipe, outage handled $handling: expected a file junit.xml in the report, found none"
  done
  [ -s "$folder/action-$handling/summary" ] || fail "GitHub action: expected a job summary, found none"
done
pass "the GitHub action and the GitLab job: 0 and 1, with reports"

cmake -S "$root/examples/ci" -B "$folder/ctest" -DBROWNOUT="$brownout" -DOUTAGE="$outage" -DOPTIONS="--embedded;well;--virtual-time" >/dev/null
ctest --test-dir "$folder/ctest" --output-on-failure >"$folder/ctest.txt" 2>&1 ||
  fail "CTest recipe: expected all tests to pass, but ctest failed: $(cat "$folder/ctest.txt")"
grep -q '3 tests' "$folder/ctest.txt" || grep -q 'out of 3' "$folder/ctest.txt" ||
  fail "CTest recipe: expected 3 tests, got: $(cat "$folder/ctest.txt")"
pass "CTest, with fixtures"

export OUTAGE=$outage
OPTIONS="--embedded well --virtual-time" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m pytest -q -p no:cacheprovider "$root/examples/ci/test_outage.py" >"$folder/pytest.txt" 2>&1 ||
  fail "pytest recipe, outage handled well: expected all tests to pass, but pytest failed: $(cat "$folder/pytest.txt")"
if OPTIONS="--embedded badly --virtual-time" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m pytest -q -p no:cacheprovider "$root/examples/ci/test_outage.py" >"$folder/pytest.txt" 2>&1; then
  fail "pytest recipe, outage handled badly: expected pytest to fail, but it passed"
fi
grep -q 'test_expectation\[nobody notices\]' "$folder/pytest.txt" ||
  fail "pytest recipe: expected a failed test \"nobody notices\", got: $(cat "$folder/pytest.txt")"
pass "pytest: a test for each expectation"
