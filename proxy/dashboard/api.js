// Calls of the API, with the token if there is one, and its events.
let token = sessionStorage.getItem('token') ?? '';
let ask = null;

// What to do when a token is needed: a function that gives one.
export function onDenied(how) { ask = how; }

function headers(body) {
  const all = { 'X-Requested-With': 'dashboard' };
  if (token) all.Authorization = `Bearer ${token}`;
  if (body) all['Content-Type'] = 'application/json';
  return all;
}

let asking = null;
async function request(method, path, body) {
  const options = { method, headers: headers(body), body: body && JSON.stringify(body) };
  const answer = await fetch(`api/v1/${path}`, options);
  if (answer.status !== 401 || !ask) return answer;
  asking ??= ask().then((given) => { token = given; sessionStorage.setItem('token', given); asking = null; });
  await asking;
  return request(method, path, body);
}

// The answer's JSON; throws what the problem says.
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

// EventSource can send no token: the same by fetch. Comes back when the connection is lost.
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
    } catch { /* it is away: the page says so, and this tries again */ }
    await new Promise((later) => { setTimeout(later, 2000); });
  }
}
