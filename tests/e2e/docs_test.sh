#!/usr/bin/env bash
# Tests README and docs with docs_check.py: links have a target, pages are short, and each example
# works as printed. Each check is also run on a page that violates it.
brownout=$1
source "$(dirname "$0")/lib.sh"
need /usr/bin/python3 curl dig mosquitto mosquitto_pub redis-server redis-cli openssl nft unshare
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
export PYTHONDONTWRITEBYTECODE=1

mkdir -p "$folder/pages"
# breaks MESSAGE: checks that the page on standard input is rejected with MESSAGE.
breaks() {
  local code=0
  cat >"$folder/pages/page.md"
  /usr/bin/python3 "$here/docs_check.py" "$brownout" "$folder/pages" page.md >"$folder/out" 2>&1 || code=$?
  [ "$code" = 1 ] && grep -qF -- "$1" "$folder/out" ||
    fail "a page with a mistake: expected exit code 1 and the message \"$1\", got exit code $code and: $(cat "$folder/out")"
}
# holds: checks that the page on standard input is accepted.
holds() {
  cat >"$folder/pages/page.md"
  /usr/bin/python3 "$here/docs_check.py" "$brownout" "$folder/pages" page.md >"$folder/out" 2>&1 ||
    fail "a page without mistakes: expected no report, got: $(cat "$folder/out")"
}
holds <<'M'
# A page
See [below](#a-heading) and [it](page.md#a-page).
<!-- example: save rules.toml -->
```toml
version = 1
[[upstream]]
name = "one"
servers = ["127.0.0.1:1"]
[[listener]]
name = "front"
listen = "127.0.0.1:0"
upstream = "one"
```
<!-- example: append rules.toml -->
```toml
[[rule]]
fault = { type = "refuse" }
```
## A heading
```console
$ brownout check rules.toml
rules.toml: ok: 1 listener, 1 upstream, 0 rules
$ brownout check none.toml
none.toml: error: cannot read the file: No such file or directory
     = check the path and its permissions
$ echo $?
2
```
<!-- example: numbers vary -->
```console
$ echo it took 12.5 s
it took 7 s
```
<!-- example: not run: it needs another machine -->
```sh
brownout intercept apply rules.toml --uid chat --for 10m
```
M
breaks 'unknown key "jiter"' <<'M'
```toml
version = 1
[[rule]]
fault = { type = "latency", jiter = "5ms" }
```
M
breaks 'ends with 2, not 0' <<'M'
```toml
version = 1
[[rule]]
fault = { type = "latency", jiter = "5ms" }
```
M
breaks 'there is no none.toml to append to' <<'M'
<!-- example: append none.toml -->
```toml
[[rule]]
fault = { type = "refuse" }
```
M
breaks 'and not' <<'M'
```console
$ echo one
two
```
M
breaks 'and not' <<'M'
<!-- example: numbers vary -->
```console
$ echo it took 0.01 s
it took 0.6 s
```
M
breaks 'which no `$ echo $?` shows' <<'M'
```console
$ false
```
M
breaks 'it ends with 3' <<'M'
```sh
exit 3
```
M
breaks 'has no option --fro' <<'M'
<!-- example: not run: it needs another machine -->
```sh
brownout intercept apply rules.toml --fro 10m
```
M
breaks 'brownout has no command chek' <<'M'
Use `brownout chek` first.
M
breaks 'there is no examples/none.toml' <<'M'
<!-- example: not run: it needs another machine -->
```sh
brownout run examples/none.toml
```
M
breaks 'bash cannot read it' <<'M'
<!-- example: not run: it needs another machine -->
```sh
if true; then
```
M
breaks 'needs a reason' <<'M'
<!-- example: not run: -->
```sh
true
```
M
breaks 'no JSON' <<'M'
```json
{"name": }
```
M
breaks 'nothing listens on one of the ports' <<'M'
<!-- example: background 9 -->
```sh
true
```
M
breaks 'a block of no language' <<'M'
```
what is this?
```
M
breaks 'there is no none.md' <<<'[a page](none.md)'
breaks 'page.md has no heading #none' <<<'[a heading](#none)'
breaks '151 lines, at most 150' < <(yes '' | head -151)
pass "a page with a mistake is reported: TOML, shell, output, JSON, options, files, links, anchors, length"

# lacks MESSAGE FILE PATTERN: removes the lines of FILE that match PATTERN, and checks that MESSAGE
# is reported.
lacks() {
  local code=0
  rm -rf "$folder/copy"
  mkdir "$folder/copy"
  cp -r "$root"/*.md "$root/LICENSE" "$root/docs" "$root/examples" "$folder/copy"
  ln -s "$root/tests" "$root/bench" "$root/rules" "$root/proxy" "$root/.ci" "$folder/copy"
  sed -i "/$3/d" "$folder/copy/$2"
  /usr/bin/python3 "$here/docs_check.py" "$brownout" "$folder/copy" --no-run >"$folder/out" 2>&1 || code=$?
  [ "$code" = 1 ] && grep -qF -- "$1" "$folder/out" ||
    fail "pages with a missing line: expected exit code 1 and the message \"$1\", got exit code $code and: $(cat "$folder/out")"
}
lacks 'docs/faults.md: it does not name nats_lame_duck' docs/faults.md nats_lame_duck
lacks 'no page tells of the fault lame' docs/protocols/dns.md reference.md#lame
lacks 'names the key retain of match' docs/protocols/mqtt.md retain
lacks 'no link leads to docs/ci.md' docs/README.md ci.md
pass "a fault or a match key that no page names, and a page that no page links to, are reported"

run=()
if [ "$BROWNOUT_E2E_NETWORK" != own ]; then
  echo "SKIPPED: running the examples, which need a network namespace because of their fixed ports; this kernel or its sandbox allows none"
  run=(--no-run)
fi
/usr/bin/python3 "$here/docs_check.py" "$brownout" "$root" "${run[@]}" >"$folder/docs.txt" 2>&1 ||
  fail "README and docs: expected no mistakes, got: $(cat "$folder/docs.txt")"
pass "$(tail -1 "$folder/docs.txt")"
