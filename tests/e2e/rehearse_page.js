// The dashboard of a running rehearsal, used like a person does: the phases, the users' success, and Halt.
const { chromium } = require('playwright-core');
const { checkContrast } = require('./page_checks.js');
const [url, screenshot] = process.argv.slice(2);

async function eventually(what, holds) {
  for (let i = 0; i < 300; i += 1) {
    if (await holds()) return;
    await new Promise((later) => { setTimeout(later, 100); });
  }
  throw new Error(`it never came true: ${what}`);
}

async function main() {
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  const page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
  const mistakes = [];
  page.on('pageerror', (error) => mistakes.push(error.message));
  await page.goto(url);
  await eventually('the outage runs', async () => /outage: .* left/.test(await page.textContent('#phases')));
  await eventually('the users fail now', async () => (await page.locator('#probes td.down').count()) > 0);
  if (await page.isVisible('#adding')) throw new Error('a rule can be added, though the phases decide');
  if (screenshot) await page.screenshot({ path: screenshot });
  await checkContrast(page);
  await page.click('#halt');
  await eventually('the rehearsal is halted', async () => (await page.textContent('#rehearsal-about')).includes('Halted: the API halted the rehearsal'));
  await eventually('the recovery runs', async () => /after: .* left/.test(await page.textContent('#phases')));
  await eventually('the users succeed now', async () => (await page.locator('#probes td.up').count()) > 0);
  if (mistakes.length) throw new Error(`mistakes in the page: ${mistakes}`);
  await browser.close();
  process.exit(0);
}
main().catch((error) => { console.error(error); process.exit(1); });
