// Rules: one row each, with a switch, and a slider for each key with a number and a unit.
import { call } from './api.js';
import { doing, sure } from './ask.js';
import { $, countOf, element, grouped, magnitude, say, spanOf } from './format.js';

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

function sliders(rule, path) {
  const root = element('div', { className: 'sliders' });
  const change = (key, value) => call('PATCH', path, key === 'probability' ? { probability: value } : { fault: { [key]: value } });
  const { fault, probability } = rule.definition;
  for (const [key, value] of Object.entries({ ...fault, probability: probability ?? '100%' })) {
    const made = key === 'type' ? null : slider(rule, key, value, change);
    if (made) root.append(made);
  }
  return root;
}

// "latency · client 10.1.0.0/16, path /api/* · for 5m · differs from the file".
function wordsFor(rule) {
  const { fault, preset, match, duration } = rule.definition;
  const whom = Object.entries(match ?? {}).map(([key, value]) => `${key} ${[value].flat().join(', ')}`).join(', ');
  const origin = rule.source !== 'api' ? '' : rule.in_file ? 'differs from the file' : 'not in the file';
  return [fault?.type ?? preset, whom, duration && `for ${duration}`, origin].filter(Boolean).join(' · ');
}

function button(rule, word, act, title = '') {
  const made = element('button', { type: 'button', title }, word);
  made.setAttribute('aria-label', `${word.toLowerCase()} ${rule.name}`);
  made.addEventListener('click', doing(act));
  return made;
}

function buttons(rule, path) {
  const acts = element('span', { className: 'acts' });
  if (rule.source === 'api' && rule.in_file) {
    acts.append(button(rule, 'Reset', () => call('POST', `${path}/reset`), 'restore the version of the rule file'));
  }
  acts.append(button(rule, 'Delete', async () => {
    const back = rule.in_file ? 'The rule file contains this rule, so it can be restored.' : 'The rule file does not contain this rule, so it cannot be restored.';
    if (await sure(`Delete the rule "${rule.name}"? ${back}`, 'Delete')) await call('DELETE', path);
  }));
  return acts;
}

// `fixed`: the phases of a rehearsal decide which rules act.
function rowOf(rule, fixed) {
  const old = rows.get(rule.name);
  const written = JSON.stringify([rule.definition, rule.source, rule.in_file]);
  if (old && old.written === written) return old;
  // A new row would replace the slider that the user is moving.
  const active = document.activeElement;
  if (old && active?.type === 'range' && old.root.contains(active)) return old;
  const path = `rules/${encodeURIComponent(rule.name)}`;
  const toggle = element('input', { type: 'checkbox', checked: rule.enabled });
  toggle.setAttribute('role', 'switch');
  toggle.setAttribute('aria-label', `${rule.name} is on`);
  toggle.addEventListener('change', doing(() => call('POST', `${path}/${toggle.checked ? 'enable' : 'disable'}`)));
  const about = element('label', { className: 'about' });
  const words = element('span', {}, rule.name);
  const state = element('small', { className: 'state' });
  words.append(element('small', {}, wordsFor(rule)), state);
  about.append(toggle, words);
  const count = element('span', { className: 'count' });
  const root = element('div', { className: 'rule' });
  root.dataset.rule = rule.name;
  root.append(about, sliders(rule, path), count, buttons(rule, path));
  if (fixed || rule.source === 'toxiproxy') for (const part of root.querySelectorAll('input, button')) part.disabled = true;
  if (old) old.root.replaceWith(root); else $('rules').append(root);
  const row = { root, count, state, written };
  rows.set(rule.name, row);
  return row;
}

function stateOf(rule, leases) {
  const lease = leases.find(({ id }) => id === rule.lease);
  const left = lease ? `lease ${rule.lease}: ${spanOf(lease.remaining_seconds)} left` : '';
  const off = rule.on ? '' : rule.enabled ? 'not acting now' : 'off';
  return [off, left].filter(Boolean).join(' · ');
}

export function showRules(rules, status) {
  const names = new Set(rules.map(({ name }) => name));
  for (const [name, row] of rows) {
    if (!names.has(name)) { row.root.remove(); rows.delete(name); }
  }
  $('no-rules').hidden = rules.length > 0;
  for (const rule of rules) {
    const row = rowOf(rule, Boolean(status.rehearsal));
    row.root.classList.toggle('off', !rule.on);
    say(row.state, stateOf(rule, status.leases));
    say(row.count, `${grouped(rule.injected)} injected`);
  }
  showLeases(status.leases);
}

function showLeases(leases) {
  const list = $('leases');
  while (list.children.length > leases.length) list.lastChild.remove();
  leases.forEach((lease, i) => {
    const item = list.children[i] ?? list.appendChild(element('li'));
    say(item, `Lease ${lease.id}: ${countOf(lease.changes, 'change')}, undone in ${spanOf(lease.remaining_seconds)}`);
  });
}
