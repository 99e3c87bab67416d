// The dashboard: reads the API every second, shows its events, and sends the changes of the user.
import { call, follow, onDenied } from './api.js';
import { Chart, colours, percentile, rate } from './charts.js';
import { bytes, element, magnitude, text } from './format.js';

const kHistory = 120;  // seconds on screen
const kMostRows = 200;
const $ = (id) => document.getElementById(id);

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

// Asks for confirmation of an action that the same button cannot undo.
function sure(question, act) {
  $('sure-question').textContent = question;
  $('sure-yes').textContent = act;
  $('sure').returnValue = 'no';
  $('sure').showModal();
  return new Promise((done) => {
    $('sure').addEventListener('close', () => done($('sure').returnValue === 'yes'), { once: true });
  });
}

// Listeners: one card each, with charts of the differences since the previous poll.
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
    `${c.open} open, ${c.total} so far` + (listener.turns ? ` · ${listener.turns} turns` : '');
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

// Rules: one row each, with a switch, and a slider for each key with a number and a unit.
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
  const say = JSON.stringify([rule.definition, rule.source, rule.in_file]);
  if (old && old.say === say) return old;
  // A new row would replace the slider that the user is moving.
  const active = document.activeElement;
  if (old && active?.type === 'range' && old.root.contains(active)) return old;
  const root = element('div', { className: 'rule' });
  root.dataset.rule = rule.name;
  const path = `rules/${encodeURIComponent(rule.name)}`;
  const toggle = element('input', { type: 'checkbox', checked: rule.enabled });
  toggle.setAttribute('aria-label', `${rule.name} is on`);
  toggle.addEventListener('change', doing(() => call('POST', `${path}/${toggle.checked ? 'enable' : 'disable'}`)));
  const { fault, preset, match } = rule.definition;
  const about = element('div', {}, rule.name);
  const origin = rule.source !== 'api' ? '' : rule.in_file ? ' · differs from the file' : ' · not in the file';
  const whom = match?.listener ? ` · ${[match.listener].flat().join(', ')}` : '';
  about.append(element('small', {}, `${fault?.type ?? preset}${match?.direction ? ` · ${match.direction}` : ''}${whom}${origin}`));
  const sliders = element('div', { className: 'sliders' });
  const change = (key, value) => call('PATCH', path, key === 'probability' ? { probability: value } : { fault: { [key]: value } });
  for (const [key, value] of Object.entries({ ...fault, probability: rule.definition.probability ?? '100%' })) {
    const one = key === 'type' ? null : slider(rule, key, value, change);
    if (one) sliders.append(one);
  }
  const count = element('span', { className: 'count' });
  const remove = element('button', { type: 'button' }, 'Delete');
  remove.setAttribute('aria-label', `delete ${rule.name}`);
  remove.addEventListener('click', doing(async () => {
    const back = rule.in_file ? 'The rule file contains this rule, so it can be restored.' : 'The rule file does not contain this rule, so it cannot be restored.';
    if (await sure(`Delete the rule "${rule.name}"? ${back}`, 'Delete')) await call('DELETE', path);
  }));
  const acts = element('span', { className: 'acts' });
  if (rule.source === 'api' && rule.in_file) {
    const reset = element('button', { type: 'button', title: 'restore the version of the rule file' }, 'Reset');
    reset.setAttribute('aria-label', `reset ${rule.name}`);
    reset.addEventListener('click', doing(() => call('POST', `${path}/reset`)));
    acts.append(reset);
  }
  acts.append(remove);
  root.append(toggle, about, sliders, count, acts);
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

// The form that adds a rule: its inputs are the keys of the selected fault.
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

// Converts the text of an input to a JSON value. Numbers and booleans are parsed, and lists are split at commas.
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

// The time line: the number of faults in each second.
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

// Flows: the row of a flow is reused, so that its button stays under the pointer.
const flowRows = new Map();

function flowRow(flow, id) {
  const root = element('tr');
  const cells = Array.from({ length: 8 }, () => element('td'));
  const cut = element('button', { type: 'button' }, 'Cut');
  cut.setAttribute('aria-label', `cut ${id}`);
  cut.addEventListener('click', doing(async () => {
    const question = `Cut ${id}, of ${flow.client}? Its connection is reset, which cannot be undone.`;
    if (await sure(question, 'Cut')) await call('DELETE', `flows/${encodeURIComponent(flow.listener)}/${flow.flow}`);
  }));
  const last = element('td');
  last.append(cut);
  root.append(...cells, last);
  $('flows').append(root);
  return { root, cells };
}

function showFlows(list) {
  const wanted = $('search').value.toLowerCase();
  const all = list.flows.filter((flow) =>
    `${flow.listener}#${flow.flow} ${flow.client} ${flow.destination} ${flow.rules.join(' ')}`.toLowerCase().includes(wanted));
  $('flow-count').textContent = `(${all.length} of ${list.total})`;
  const shown = new Map(all.slice(0, kMostRows).map((flow) => [`${flow.listener}#${flow.flow}`, flow]));
  for (const [id, row] of flowRows) {
    if (!shown.has(id)) { row.root.remove(); flowRows.delete(id); }
  }
  for (const [id, flow] of shown) {
    if (!flowRows.has(id)) flowRows.set(id, flowRow(flow, id));
    const texts = [id, flow.client, flow.destination, `${text(flow.age_seconds)} s`,
      bytes(flow.bytes.upstream), bytes(flow.bytes.downstream), bytes(flow.held.upstream + flow.held.downstream),
      flow.rules.join(', ')];
    flowRows.get(id).cells.forEach((cell, i) => { cell.textContent = texts[i]; });
  }
}

// Lists the names of the changes, by kind: "rules a, b; listener c".
function namesIn(changes) {
  const kinds = new Map();
  for (const { kind, name } of changes) kinds.set(kind, [...(kinds.get(kind) ?? []), name]);
  return [...kinds].map(([kind, names]) => `${kind}${names.length > 1 ? 's' : ''} ${names.join(', ')}`).join('; ');
}

// "1 rule", "2 rules"
const countOf = (count, noun) => `${count} ${noun}${count === 1 ? '' : 's'}`;

function showStatus(status) {
  document.body.classList.toggle('halted', status.halted);
  document.title = status.halted ? 'HALTED – Brownout' : 'Brownout';
  if ($('halted').hidden === status.halted) $('halted').hidden = !status.halted;
  $('status').textContent = `${status.halted ? 'all faults are off · ' : ''}${countOf(status.flows, 'flow')} · ` +
    `${countOf(status.rules, 'rule')} · ${countOf(status.injected, 'fault')} injected · seed ${status.seed}` +
    (status.leases.length ? ` · ${countOf(status.leases.length, 'lease')}` : '');
  const differs = namesIn(status.differs_from_file);
  const said = [
    status.file_not_loaded ? `The rule file is not loaded, the previous rules stay: ${status.file_not_loaded}.` : '',
    differs ? `The file differs from the active configuration: ${differs}` : '',
  ].join(' ').trim();
  $('differs').hidden = !said;
  $('reset').hidden = !differs;
  if ($('differs').firstElementChild.textContent !== said) $('differs').firstElementChild.textContent = said;
}

const look = doing(async () => {
  // Without a search, only as many flows as the table shows.
  const wanted = $('search').value ? 'flows' : `flows?limit=${kMostRows}`;
  const [status, listeners, rules, flows] =
    await Promise.all(['status', 'listeners', 'rules', wanted].map((path) => call('GET', path)));
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

// Halt does not toggle: a second press, or a press by another user, must not resume the faults.
const halt = doing(async () => showStatus(await call('POST', 'halt')));
$('halt').addEventListener('click', halt);
$('resume').addEventListener('click', doing(async () => {
  if (await sure('Switch all faults on again?', 'Resume')) showStatus(await call('POST', 'resume'));
}));
$('reset').addEventListener('click', doing(async () => {
  const question = "Restore the state of the rule file? All changes by the dashboard and the API are lost.";
  if (await sure(question, 'Restore')) showStatus(await call('POST', 'reset'));
}));
$('search').addEventListener('input', look);
document.addEventListener('keydown', (event) => {
  const typing = event.target.matches('input:not([type=checkbox]):not([type=range]), select, textarea');
  if (event.key === 'h' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) halt();
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
