// Opens a page, an EventSource and a fetch stream in Chromium over HTTP/2, for http2_browser_test.sh:
// `browser_page.js URL`. Prints as JSON what the page has seen.
const { chromium } = require('playwright-core');

// Runs in the page. Each stream sends the events 1 to 5 and then "done".
async function look() {
  const seen = { page: performance.getEntriesByType('navigation')[0].nextHopProtocol };
  seen.events = await new Promise((resolve) => {
    const got = [];
    const source = new EventSource('/events');
    const end = (how) => { source.close(); resolve([...got, how].join(' ')); };
    source.onmessage = (event) => { if (event.data === 'done') end('done'); else got.push(event.data); };
    source.onerror = () => end('error');
    setTimeout(() => end('silence'), 4000);
  });
  const response = await fetch('/stream');
  const reader = response.body.getReader();
  let text = '';
  const late = new Promise((resolve) => { setTimeout(resolve, 4000, 'silence'); });
  const read = async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return 'end';
      text += new TextDecoder().decode(value);
    }
  };
  const how = await Promise.race([read().catch((error) => error.name), late]);
  seen.stream = [...text.matchAll(/data: (\w+)/g)].map((match) => match[1]).join(' ') + `, ${how}`;
  reader.cancel().catch(() => {});
  await (await fetch('/echo')).text();
  seen.fetch = performance.getEntriesByName(`${location.origin}/echo`)[0].nextHopProtocol;
  return seen;
}

(async () => {
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  const page = await browser.newPage({ ignoreHTTPSErrors: true });
  await page.goto(`${process.argv[2]}/page`);
  const title = await page.title();
  console.log(JSON.stringify({ title, ...await page.evaluate(look) }));
  setTimeout(() => process.exit(0), 5000);  // on a busy machine, closing may take long
  await browser.close();
  process.exit(0);
})().catch((error) => { console.log(error.message); process.exit(1); });
