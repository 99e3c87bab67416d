#!/usr/bin/env bash
# Makes the pictures of README and docs again: a report, the dashboard, and explain in a terminal.
#
#   docs/pictures/make.sh build/release/proxy/brownout
#
# Needs what tests need: .ci/install-packages --tests.
set -euo pipefail
brownout=$(realpath "${1:?usage: docs/pictures/make.sh BROWNOUT}")
cd "$(dirname "$0")/../.."
pictures=$PWD/docs/pictures
export NODE_PATH=$PWD/build/npm/node_modules
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# shoot PAGE PICTURE WIDTH HEIGHT: the upper part of a page; HEIGHT 0 is all of it.
shoot() {
  node - "$@" <<'J'
const { chromium } = require('playwright-core');
const [page, picture, width, height] = process.argv.slice(2);
(async () => {
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  const tab = await browser.newPage({ viewport: { width: Number(width), height: Number(height) || 100 } });
  await tab.goto(`file://${page}`);
  await tab.screenshot({ path: picture, fullPage: height === '0' });
  await browser.close();
})();
J
}

"$brownout" rehearse examples/outages/2021-10-04.toml --ci --embedded well --virtual-time --report "$folder/report" >/dev/null
# The picture names no real machine.
sed -E -i 's/ on [^ ]+ \(Linux[^,]*, / on lab7 (Linux, /' "$folder/report/report.html"
shoot "$folder/report/report.html" "$pictures/report.png" 1180 650

# terminal COMMAND...: its output as a page, behind a prompt.
terminal() {
  printf '<meta charset="utf-8"><body style="margin:0;background:#1e1e1e;color:#ddd;padding:16px"><pre style="margin:0;font:14px monospace">'
  {
    printf '$ %s\n' "$*"
    PATH=$folder/bin:$PATH "$@"
  } | sed 's/&/\&amp;/g; s/</\&lt;/g'
  printf '</pre>'
}
mkdir "$folder/bin"
ln -s "$brownout" "$folder/bin/brownout"
# The rule file of docs/matching.md.
sed -n '/^version = 1 .*# rules.toml$/,/^```$/p' docs/matching.md | sed '/^```$/,$d' >"$folder/rules.toml"
(cd "$folder" && terminal brownout explain rules.toml --listener chat --client 10.1.2.3 --at 11m >explain.html)
shoot "$folder/explain.html" "$pictures/explain.png" 960 0

# The test of the dashboard makes its picture while traffic passes.
SCREENSHOT=$pictures/dashboard.png bash tests/e2e/dashboard_test.sh "$brownout"
ls -l "$pictures"/*.png
