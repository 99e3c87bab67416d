// The dashboard: reads the API every second, follows its events, and changes what the user changes.
import { call, follow, onDenied } from './api.js';
import { Chart, colours, percentile, rate } from './charts.js';
import { bytes, element, magnitude, text } from './format.js';

const kHistory = 120;  // seconds on screen
const $ = (id) => document.getElementById(id);
let halted = false;

function complain(problem) {
  $('problem').hidden = !problem;
  $('problem').textContent = problem ? problem.message : '';
}
const doing = (action) => async (...args) => {
  try {
    await action(...args);
    complain(null);
  } catch (problem) {
    complain(problem);
  }
};

// Listeners: a card each, with charts of what changed since the last look.
const cards = new Map();

function cardOf(listener) {
  let card = cards.get(listener.name);
  if (card) return card;
  const root = element('div', { className: 'listener' });
  const title = element('h3', {}, listener.name);
  const about = element('p');
  const charts = element('div', { className: 'charts' });
  root.append(title, about, charts);
  $('listeners').append(root);
  card = { root, about, before: null,
    throughput: new Chart(charts, 'Throughput', ['up', 'down'], [colours.up, colours.down], rate),
    latency: new Chart(charts, 'Time to answer', ['median', 'p99'], [colours.up, colours.bad], (v) => `${text(v)} ms`),
    errors: new Chart(charts, 'Failures a second', ['requests', 'connects'], [colours.bad, colours.down], text) };
  cards.set(listener.name, card);
  $('add-listener').append(element('option', {}, listener.name));
  return card;
}

function showListener(listener, now) {
  const card = cardOf(listener);
  const open = listener.open ? listener.address : 'closed';
  const c = listener.connections ?? { open: 0, total: 0 };
  card.about.textContent = `${open} → ${listener.definition.upstream ?? listener.definition.zone ?? ''} · ` +
    `${c.open} open, ${c.total} so far`;
  const before = card.before;
  card.before = { now, listener };
  if (!before || !listener.bytes || !before.listener.bytes) return;
  const seconds = (now - before.now) / 1000;
  const grown = (get) => Math.max(0, get(listener) - get(before.listener)) / seconds;
  card.throughput.add(now, [grown((l) => l.bytes.upstream), grown((l) => l.bytes.downstream)]);
  const buckets = listener.requests.buckets.map((n, i) => n - before.listener.requests.buckets[i]);
  card.latency.add(now, [percentile(buckets, 0.5), percentile(buckets, 0.99)]);
  card.errors.add(now, [grown((l) => l.requests.failed), grown((l) => l.connections.connect_failed)]);
}

// Rules: a switch, and a slider for each key that has a number.
const rows = new Map();

function slider(rule, key, value, patch) {
  const parts = magnitude(value);
  if (!parts) return null;
  const input = element('input', { type: 'range', min: 0, max: parts.most, step: parts.step, value: parts.number });
  const shown = element('output', {}, value);
  input.setAttribute('aria-label', `${key} of ${rule.name}`);
  input.addEventListener('input', () => { shown.textContent = input.value + parts.unit; });
  input.addEventListener('change', doing(() => patch(key, input.value + parts.unit)));
  const label = element('label');
  label.append(element('span', {}, key), input, shown);
  return label;
}

function rowOf(rule) {
  const old = rows.get(rule.name);
  const say = JSON.stringify([rule.definition, rule.source]);
  if (old && old.say === say) return old;
  const root = element('div', { className: 'rule' });
  root.dataset.rule = rule.name;
  const path = `rules/${encodeURIComponent(rule.name)}`;
  const toggle = element('input', { type: 'checkbox', checked: rule.enabled });
  toggle.setAttribute('aria-label', `${rule.name} is on`);
  toggle.addEventListener('change', doing(() => call('POST', `${path}/${toggle.checked ? 'enable' : 'disable'}`)));
  const { fault, preset, match } = rule.definition;
  const about = element('div', {}, rule.name);
  const whom = match?.listener ? ` · ${[match.listener].flat().join(', ')}` : '';
  about.append(element('small', {}, `${fault?.type ?? preset}${match?.direction ? ` · ${match.direction}` : ''}${whom}`));
  const sliders = element('div', { className: 'sliders' });
  const change = (key, value) => call('PATCH', path, key === 'probability' ? { probability: value } : { fault: { [key]: value } });
  for (const [key, value] of Object.entries({ ...fault, probability: rule.definition.probability ?? '100%' })) {
    const one = key === 'type' ? null : slider(rule, key, value, change);
    if (one) sliders.append(one);
  }
  const count = element('span', { className: 'count' });
  const remove = element('button', { type: 'button' }, 'Delete');
  remove.setAttribute('aria-label', `delete ${rule.name}`);
  remove.addEventListener('click', doing(() => call('DELETE', path)));
  root.append(toggle, about, sliders, count, remove);
  if (rule.source === 'toxiproxy') for (const one of root.querySelectorAll('input, button')) one.disabled = true;
  if (old) old.root.replaceWith(root); else $('rules').append(root);
  const row = { root, count, say };
  rows.set(rule.name, row);
  return row;
}

function showRules(rules) {
  const names = new Set(rules.map((rule) => rule.name));
  for (const [name, row] of rows) {
    if (!names.has(name)) { row.root.remove(); rows.delete(name); }
  }
  for (const rule of rules) {
    const row = rowOf(rule);
    row.root.classList.toggle('off', !rule.on);
    row.count.textContent = `${rule.injected} injected`;
  }
}

// Adding a rule: the form is made of the fault's own keys.
let faults = [];

function showFault() {
  const fault = faults.find((one) => one.type === $('add-type').value);
  $('add-summary').textContent = fault.summary;
  $('add-keys').replaceChildren(...fault.keys.map((key) => {
    const label = element('label', { title: `${key.meaning} (${key.type}${key.range ? `, ${key.range}` : ''})` });
    const required = key.default === 'required';
    label.append(`${key.name}${required ? ' *' : ''}`,
      element('input', { name: key.name, placeholder: required ? key.type : key.default, size: 12 }));
    return label;
  }));
}

// As JSON has it: numbers and booleans bare, lists by commas.
function valueOf(key, written) {
  if (key.type === 'integer' || key.type === 'boolean' || key.type === 'whole number') return JSON.parse(written);
  if (key.type.startsWith('list')) return written.split(',').map((one) => one.trim());
  return written;
}

function ruleOfForm() {
  const fault = faults.find((one) => one.type === $('add-type').value);
  const rule = { fault: { type: fault.type } };
  if ($('add-name').value) rule.name = $('add-name').value;
  if ($('add-probability').value) rule.probability = $('add-probability').value;
  const match = {};
  if ($('add-listener').value) match.listener = $('add-listener').value;
  if ($('add-direction').value) match.direction = $('add-direction').value;
  if (Object.keys(match).length) rule.match = match;
  for (const key of fault.keys) {
    const input = $('add').elements[key.name];
    if (input?.value) {
      try { rule.fault[key.name] = valueOf(key, input.value); } catch { rule.fault[key.name] = input.value; }
    }
  }
  return rule;
}

$('add').addEventListener('submit', async (event) => {
  event.preventDefault();
  $('add-problems').replaceChildren();
  try {
    await call('POST', 'rules', ruleOfForm());
    $('add-name').value = '';
  } catch (problem) {
    const list = problem.errors?.length ? problem.errors : [{ pointer: '', detail: problem.message }];
    $('add-problems').append(...list.map((one) =>
      element('li', {}, `${one.pointer} ${one.detail}${one.hint ? ` (${one.hint})` : ''}`)));
  }
  look();
});
$('add-type').addEventListener('change', showFault);

// The time line: faults of each second.
const timeline = new Chart($('timeline'), '', ['faults'], [colours.bad], text, true);
let injected = 0;

function showEvent(event) {
  if (event.fault) injected += 1;
  if (event.event === 'opened' || event.event === 'closed') return;
  const what = event.fault ? `${event.rule}: ${event.action}${event.delay_ms ? ` ${text(event.delay_ms)} ms` : ''} · ` +
    `${event.listener}#${event.flow} ${event.direction ?? ''}` : Object.entries(event).map(([, v]) => v).join(' ');
  const at = event.time ? new Date(event.time) : new Date();
  const line = element('li');
  line.append(element('time', {}, at.toLocaleTimeString()), what);
  $('events').prepend(line);
  while ($('events').children.length > 50) $('events').lastChild.remove();
}

// Flows.
function showFlows(list) {
  const wanted = $('search').value.toLowerCase();
  const all = list.flows.filter((flow) =>
    `${flow.listener}#${flow.flow} ${flow.client} ${flow.destination} ${flow.rules.join(' ')}`.toLowerCase().includes(wanted));
  $('flow-count').textContent = `(${all.length} of ${list.total})`;
  $('flows').replaceChildren(...all.slice(0, 200).map((flow) => {
    const row = element('tr');
    const cells = [`${flow.listener}#${flow.flow}`, flow.client, flow.destination, `${text(flow.age_seconds)} s`,
      bytes(flow.bytes.upstream), bytes(flow.bytes.downstream), bytes(flow.held.upstream + flow.held.downstream),
      flow.rules.join(', ')];
    const cut = element('button', { type: 'button' }, 'Cut');
    cut.setAttribute('aria-label', `cut ${flow.listener}#${flow.flow}`);
    cut.addEventListener('click', doing(() => call('DELETE', `flows/${encodeURIComponent(flow.listener)}/${flow.flow}`)));
    const last = element('td');
    last.append(cut);
    row.append(...cells.map((cell) => element('td', {}, cell)), last);
    return row;
  }));
}

function showStatus(status) {
  halted = status.halted;
  document.body.classList.toggle('halted', halted);
  $('halt').textContent = halted ? 'Resume' : 'Halt';
  $('status').textContent = `${halted ? 'all faults are off · ' : ''}${status.flows} flows · ${status.rules} rules · ` +
    `${status.injected} faults injected · seed ${status.seed}` +
    (status.leases.length ? ` · ${status.leases.length} leases` : '');
}

const look = doing(async () => {
  const [status, listeners, rules, flows] =
    await Promise.all(['status', 'listeners', 'rules', 'flows'].map((path) => call('GET', path)));
  const now = Date.now();
  showStatus(status);
  for (const listener of listeners) showListener(listener, now);
  for (const [name, card] of cards) {
    if (!listeners.some((one) => one.name === name)) { card.root.remove(); cards.delete(name); }
  }
  showRules(rules);
  showFlows(flows);
  timeline.add(now, [injected]);
  injected = 0;
});

const toggleHalt = doing(async () => showStatus(await call('POST', halted ? 'resume' : 'halt')));
$('halt').addEventListener('click', toggleHalt);
$('search').addEventListener('input', look);
document.addEventListener('keydown', (event) => {
  const typing = event.target.matches('input:not([type=checkbox]):not([type=range]), select, textarea');
  if (event.key === 'h' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) toggleHalt();
});

onDenied(() => new Promise((done) => {
  $('ask').addEventListener('close', () => done($('token').value), { once: true });
  $('ask').showModal();
}));

async function start() {
  Chart.history = kHistory;
  faults = await call('GET', 'faults');
  $('add-type').append(...faults.map((fault) => element('option', {}, fault.type)));
  $('add-type').value = 'latency';
  showFault();
  follow(showEvent);
  await look();
  setInterval(() => { if (!document.hidden) look(); }, 1000);
}
doing(start)();
