// Calls Brownout's HTTP API, with the access token if one is set, and reads the API's event stream.
let token = sessionStorage.getItem('token') ?? '';
let ask = null;

// Sets the function that asks the user for a token. It is told whether a token was wrong, and returns a promise of the
// token.
export function onDenied(how) { ask = how; }

// An answer did not come: the proxy is gone, or cannot be reached.
export class Unreachable extends Error {}

function headers(body) {
  const all = { 'X-Requested-With': 'dashboard' };
  if (token) all.Authorization = `Bearer ${token}`;
  if (body) all['Content-Type'] = 'application/json';
  return all;
}

async function send(method, path, body) {
  const options = { method, headers: headers(body), body: body && JSON.stringify(body) };
  try {
    return await fetch(`api/v1/${path}`, options);
  } catch (problem) {
    throw new Unreachable(problem.message);
  }
}

let asking = null;
async function request(method, path, body) {
  const tried = token;
  const answer = await send(method, path, body);
  if (answer.status !== 401 || !ask) return answer;
  // Another request may have asked for the token in the meantime.
  if (token === tried) {
    asking ??= ask(tried !== '').then((given) => { token = given; sessionStorage.setItem('token', given); asking = null; });
  }
  await asking;
  return request(method, path, body);
}

export async function call(method, path, body) {
  const answer = await request(method, path, body);
  if (answer.status === 204) return null;
  const json = await answer.json();
  if (answer.ok) return json;
  const problem = new Error(json.title);
  problem.errors = json.errors;
  if (json.errors?.length) problem.message += `: ${json.errors.map((one) => `${one.pointer} ${one.detail}`).join('; ')}`;
  throw problem;
}

// Passes each event of the API to `take`. Uses fetch, because EventSource cannot send a token.
// Reconnects for ever.
export async function follow(take) {
  for (;;) {
    try {
      const answer = await request('GET', 'events');
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = '';
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        const blocks = (rest + value).split('\n\n');
        rest = blocks.pop();
        for (const block of blocks) {
          if (block.startsWith('data: ')) take(JSON.parse(block.slice(6)));
        }
      }
    } catch { /* the proxy is not reachable: the page shows that, and the loop retries */ }
    await new Promise((later) => { setTimeout(later, 2000); });
  }
}
