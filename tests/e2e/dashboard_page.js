// Uses the dashboard as a person would, while traffic passes through the proxy.
const net = require('net');
const { chromium } = require('playwright-core');
const { checkContrast, checkPhone, checkTabOrder } = require('./page_checks.js');
const [url, port, token, screenshot] = process.argv.slice(2);

// Sends echo messages continuously on live connections. `times` receives their round-trip times in
// ms.
const times = [];
let ending = false;
function converse() {
  const client = net.connect(Number(port), '127.0.0.1');
  let sent = 0;
  const ask = () => { sent = performance.now(); client.write('x'.repeat(200 + Math.floor(Math.random() * 2000))); };
  client.on('connect', ask);
  client.on('data', () => { times.push(performance.now() - sent); setTimeout(ask, 60); });
  client.on('error', () => {});
  client.on('close', () => { if (!ending) setTimeout(converse, 100); });
}
for (let i = 0; i < 3; i += 1) converse();

async function eventually(what, holds) {
  for (let i = 0; i < 300; i += 1) {
    if (await holds()) return;
    await new Promise((later) => { setTimeout(later, 100); });
  }
  throw new Error(`it never came true: ${what}`);
}
// Whether the condition holds for the last ten round trips.
const all = (holds) => times.length >= 10 && times.slice(-10).every(holds);

async function main() {
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  const page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
  const elsewhere = [];
  page.on('request', (request) => { if (!request.url().startsWith(url) && !request.url().startsWith('data:')) elsewhere.push(request.url()); });
  const mistakes = [];
  page.on('pageerror', (error) => mistakes.push(error.message));
  await page.goto(url);
  await page.fill('#token', 'wrong-wrong-wrong');
  await page.keyboard.press('Enter');
  await eventually('a wrong token is told', () => page.isVisible('#ask-wrong'));
  await page.fill('#token', token);
  await page.keyboard.press('Enter');
  await page.waitForSelector('#listeners h3:text-is("front")');
  await eventually('traffic is quick', () => all((t) => t < 350));

  // A page for a new user: what acts comes first, and each listener says where to point a client, or how its servers are.
  const order = await page.locator('h2:visible').allTextContents();
  if (!order[0].startsWith('Rules') || !order[1].startsWith('Traffic')) throw new Error(`sections: ${order}`);
  await eventually('an unused listener says what to do', async () => /Point your client at 127\.0\.0\.1:\d+ instead of/.test(await page.textContent('#listeners')));
  await eventually('a server is up', async () => (await page.textContent('.servers >> nth=0')).includes('▲ up'));
  await eventually('a chart has a value of now', async () => /[1-9]/.test(await page.locator('.listener:has-text("front") .legend output').first().textContent()));

  await page.click('text=Add a rule');
  await page.selectOption('#add-type', 'latency');
  await page.fill('#add-name', 'slow');
  await page.fill('#add-keys input[name=delay]', 'soon');
  await page.click('#add button[type=submit]');
  await page.waitForSelector('#add-problems li:has-text("/fault/delay")');
  await eventually('the preview says what is missing', async () => (await page.textContent('#add-preview')).includes('/fault/delay'));
  await page.fill('#add-keys input[name=delay]', '200ms');
  await page.fill('#add-duration', '10m');
  await page.fill('#add-client', '192.0.2.0/24');
  await eventually('the preview hits nobody', async () => (await page.textContent('#add-preview')).startsWith('Matches 0 of 3 open connections'));
  await page.fill('#add-client', '127.0.0.0/8');
  await eventually('the preview says whom it hits', async () => (await page.textContent('#add-preview')).startsWith('Matches 3 of 3 open connections now (1 client; front#'));
  await page.selectOption('#add-condition', 'port');
  await page.fill('#add-conditions input', '1-65535');
  await page.click('#add button[type=submit]');
  await page.waitForSelector('[data-rule=slow]');
  const about = await page.textContent('[data-rule=slow] small');
  if (about !== 'latency · client 127.0.0.0/8, port 1-65535 · for 10m · not in the file') throw new Error(`the rule says: ${about}`);
  await eventually('traffic is slow', () => all((t) => t >= 400));
  await eventually('faults are told', async () => (await page.textContent('#events')).includes('slow: delay'));
  await eventually('flows are listed', async () => (await page.textContent('#flows')).includes('slow'));

  await eventually('what rules did is listed', async () => /slow.*latency: delay/.test(await page.textContent('#why')));
  await page.fill('#why-search', 'nothing like that');
  await eventually('the list is filtered', async () => (await page.textContent('#why-count')) === '(0 of 0)');
  await page.fill('#why-search', '');

  await checkTabOrder(page);

  // By keyboard only: a longer delay, then off, then on.
  const slider = page.locator('[data-rule=slow] input[type=range]').first();
  await slider.focus();
  for (let i = 0; i < 40; i += 1) await page.keyboard.press('ArrowRight');
  await slider.evaluate((input) => input.blur());
  await eventually('the slider acts', () => all((t) => t >= 440));
  await new Promise((later) => { setTimeout(later, 6000); });
  await page.evaluate(() => scrollTo(0, 0));
  await page.screenshot({ path: screenshot, fullPage: true });

  await eventually('turns are counted', async () => /[1-9][0-9]* turns/.test(await page.textContent('#listeners')));

  // The halt key only halts, even if pressed again, and the page shows the halt prominently.
  // Resuming needs a separate button and a confirmation.
  await page.keyboard.press('h');
  await eventually('halted', async () => (await page.isVisible('#halted')) && (await page.title()).startsWith('HALTED'));
  await page.keyboard.press('h');
  await page.click('#halt');
  const halted = await page.evaluate(() => getComputedStyle(document.querySelector('header')).backgroundColor);
  if (halted !== 'rgb(122, 75, 0)') throw new Error(`the header of a halted page is ${halted}`);
  await checkContrast(page);
  await eventually('traffic recovers', () => all((t) => t < 350));
  if (!(await page.isVisible('#halted'))) throw new Error('a second press has resumed');
  await page.click('#resume');
  await page.click('#sure button[value=no]');
  if (!(await page.isVisible('#halted'))) throw new Error('resumed, though nobody agreed');
  await page.click('#resume');
  await page.click('#sure-yes');
  await eventually('traffic is slow again', () => all((t) => t >= 400));
  await eventually('no longer halted', async () => (await page.isHidden('#halted')) && (await page.title()) === 'Brownout');
  await page.locator('[data-rule=slow] input[type=checkbox]').uncheck();
  await eventually('a rule that is switched off does not act', () => all((t) => t < 350));

  // Differences from the rule file are shown and can be undone. Destructive buttons ask for a
  // confirmation.
  await eventually('the page says what differs', async () => (await page.textContent('#differs')).includes('rule slow'));
  await page.click('[data-rule=slow] button:has-text("Delete")');
  await page.click('#sure button[value=no]');
  if (!(await page.isVisible('[data-rule=slow]'))) throw new Error('deleted, though nobody agreed');
  await page.click('#reset');
  await page.click('#sure-yes');
  await eventually('the rule that the file does not have is gone', async () => (await page.locator('[data-rule=slow]').count()) === 0);
  await eventually('nothing differs', () => page.isHidden('#differs'));
  const flow = await page.locator('#flows tr:first-child td').first().textContent();
  await page.click('#flows tr:first-child button');
  await page.click('#sure-yes');
  await eventually('the flow is cut', async () => (await page.locator(`#flows td:text-is("${flow}")`).count()) === 0);

  // A lease shows the time that is left.
  await page.evaluate(async (given) => {
    const headers = { Authorization: `Bearer ${given}`, 'Content-Type': 'application/json' };
    await fetch('api/v1/lease', { method: 'PUT', headers, body: '{"id": "test", "ttl": "90s"}' });
    await fetch('api/v1/rules', { method: 'POST', headers: { ...headers, 'Brownout-Lease': 'test' },
      body: '{"name": "leased", "fault": {"type": "latency", "delay": "1ms"}}' });
  }, token);
  await eventually('the lease of a rule', async () => (await page.locator('[data-rule=leased] .state').count()) > 0 &&
    /lease test: 1 min \d+ s left/.test(await page.textContent('[data-rule=leased] .state')));

  // A page that is opened late knows what happened before it.
  await page.reload();
  await eventually('the history is kept by the proxy', async () => (await page.isVisible('#marks-key')) &&
    (await page.textContent('#events')).includes('halted'));

  // A lost connection: old values are grey and dated, and no button can act.
  await page.route('**/api/**', (route) => route.abort());
  await eventually('the page says that it is old', async () => /lost\. Values are from .* Retrying\./.test(await page.textContent('#lost')));
  if (await page.isEnabled('#halt') || !(await page.evaluate(() => document.querySelector('main').inert))) throw new Error('a lost page looks alive');
  if (await page.title() !== 'LOST – Brownout') throw new Error(`title: ${await page.title()}`);
  await page.unroute('**/api/**');
  await eventually('the page is back', async () => (await page.isHidden('#lost')) && (await page.isEnabled('#halt')));

  for (const colorScheme of ['dark', 'light']) {
    await page.emulateMedia({ colorScheme });
    await checkContrast(page);
  }
  await page.fill('#search', 'nothing like that');
  await eventually('search narrows', async () => (await page.textContent('#flow-count')).startsWith('(0 of'));
  await page.setViewportSize({ width: 390, height: 800 });
  // The charts adopt the new width of the page one frame later.
  await eventually('the page is no wider than a phone', () => page.evaluate(
    () => document.documentElement.scrollWidth <= document.documentElement.clientWidth));
  await page.evaluate(() => scrollTo(0, 0));
  await checkPhone(page);
  if (elsewhere.length) throw new Error(`the page asks other servers: ${elsewhere}`);
  if (mistakes.length) throw new Error(`mistakes in the page: ${mistakes}`);
  ending = true;
  await browser.close();
  process.exit(0);
}
main().catch((error) => { console.error(error); process.exit(1); });
