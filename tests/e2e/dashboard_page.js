// The page as a person uses it, with traffic through the proxy beside it.
const net = require('net');
const { chromium } = require('playwright-core');
const [url, port, token, screenshot] = process.argv.slice(2);

// Round trips on live connections, all the time; the last one's time in ms.
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
// The last ten round trips agree.
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
  await eventually('a wrong token is asked for again', () => page.isVisible('#ask'));
  await page.fill('#token', token);
  await page.keyboard.press('Enter');
  await page.waitForSelector('text=front');
  await eventually('traffic is quick', () => all((t) => t < 350));

  await page.click('text=Add a rule');
  await page.selectOption('#add-type', 'latency');
  await page.fill('#add-name', 'slow');
  await page.fill('#add-keys input[name=delay]', 'soon');
  await page.click('#add button[type=submit]');
  await page.waitForSelector('#add-problems li:has-text("/fault/delay")');
  await page.fill('#add-keys input[name=delay]', '200ms');
  await page.click('#add button[type=submit]');
  await page.waitForSelector('[data-rule=slow]');
  await eventually('traffic is slow', () => all((t) => t >= 400));
  await eventually('faults are told', async () => (await page.textContent('#events')).includes('slow: delay'));
  await eventually('flows are listed', async () => (await page.textContent('#flows')).includes('slow'));

  // With the keyboard alone: a longer delay, then off, then on.
  const slider = page.locator('[data-rule=slow] input[type=range]').first();
  await slider.focus();
  for (let i = 0; i < 40; i += 1) await page.keyboard.press('ArrowRight');
  await slider.evaluate((input) => input.blur());
  await eventually('the slider acts', () => all((t) => t >= 440));
  await new Promise((later) => { setTimeout(later, 6000); });
  await page.evaluate(() => scrollTo(0, 0));
  await page.screenshot({ path: screenshot, fullPage: true });

  await page.keyboard.press('h');
  await eventually('halted', async () => (await page.textContent('#halt')) === 'Resume');
  await eventually('traffic recovers', () => all((t) => t < 350));
  await page.click('#halt');
  await eventually('traffic is slow again', () => all((t) => t >= 400));
  await page.locator('[data-rule=slow] input[type=checkbox]').uncheck();
  await eventually('a rule that is switched off does not act', () => all((t) => t < 350));

  await page.fill('#search', 'nothing like that');
  await eventually('search narrows', async () => (await page.textContent('#flow-count')).startsWith('(0 of'));
  await page.setViewportSize({ width: 390, height: 800 });
  // The charts take their new width a frame later.
  await eventually('the page is no wider than a phone', () => page.evaluate(
    () => document.documentElement.scrollWidth <= document.documentElement.clientWidth));
  if (elsewhere.length) throw new Error(`the page asks other servers: ${elsewhere}`);
  if (mistakes.length) throw new Error(`mistakes in the page: ${mistakes}`);
  ending = true;
  await browser.close();
  process.exit(0);
}
main().catch((error) => { console.error(error); process.exit(1); });
