// The form that adds a rule: its inputs are the keys of the selected fault, and conditions on whom it hits.
import { call } from './api.js';
import { $, countOf, element } from './format.js';

const kPause = 300;  // ms between the last key and the preview
let faults = [];
let conditions = {};  // meaning, by key of a match

const chosen = () => faults.find(({ type }) => type === $('add-type').value);

function showFault() {
  const fault = chosen();
  $('add-summary').textContent = fault.summary;
  $('add-keys').replaceChildren(...fault.keys.map((key) => {
    const label = element('label', { title: `${key.meaning} (${key.type}${key.range ? `, ${key.range}` : ''})` });
    const required = key.default === 'required';
    label.append(`${key.name}${required ? ' *' : ''}`,
      element('input', { name: key.name, placeholder: required ? key.type : key.default, size: 12 }));
    return label;
  }));
}

function addCondition() {
  const key = $('add-condition').value;
  if (!key) return;
  $('add-condition').value = '';
  $('add-condition').querySelector(`option[value="${key}"]`).disabled = true;
  const label = element('label', { title: conditions[key] }, key);
  const input = element('input', { name: `match.${key}`, size: 16 });
  const drop = element('button', { type: 'button' }, 'Remove');
  drop.setAttribute('aria-label', `remove the condition ${key}`);
  const row = element('span', { className: 'condition' });
  drop.addEventListener('click', () => {
    row.remove();
    $('add-condition').querySelector(`option[value="${key}"]`).disabled = false;
    preview();
  });
  label.append(input);
  row.append(label, drop);
  $('add-conditions').append(row);
  input.focus();
}

// Converts the text of an input to a JSON value. Numbers and booleans are parsed, and lists are split at commas.
function valueOf(key, written) {
  if (key.type === 'integer' || key.type === 'boolean' || key.type === 'whole number') return JSON.parse(written);
  if (key.type.startsWith('list')) return written.split(',').map((part) => part.trim());
  return written;
}

function conditionOf(written) {
  if (/^(\d+|true|false)$/.test(written)) return JSON.parse(written);
  return written.includes(',') ? written.split(',').map((part) => part.trim()) : written;
}

function matchOfForm() {
  const match = {};
  for (const key of ['listener', 'client', 'direction']) {
    const written = $(`add-${key}`).value.trim();
    if (written) match[key] = key === 'client' ? conditionOf(written) : written;
  }
  for (const input of $('add-conditions').querySelectorAll('input')) {
    if (input.value.trim()) match[input.name.slice('match.'.length)] = conditionOf(input.value.trim());
  }
  return match;
}

function ruleOfForm() {
  const fault = chosen();
  const rule = { fault: { type: fault.type } };
  for (const key of ['name', 'probability', 'duration']) {
    const written = $(`add-${key}`).value.trim();
    if (written) rule[key] = written;
  }
  const match = matchOfForm();
  if (Object.keys(match).length) rule.match = match;
  for (const key of fault.keys) {
    const input = $('add').elements[key.name];
    if (input?.value) {
      try { rule.fault[key.name] = valueOf(key, input.value); } catch { rule.fault[key.name] = input.value; }
    }
  }
  return rule;
}

function wordsFor(found, rule) {
  const share = rule.probability && rule.probability !== '100%' ? `${rule.probability} of ` : '';
  const hit = `${share}${found.hit} of ${countOf(found.open, 'open connection')}`;
  const whom = found.examples.length ? ` (${countOf(found.clients, 'client')}; ${found.examples.join(', ')}${found.hit > found.examples.length ? ', …' : ''})` : '';
  const only = found.narrowed_by.length ? ` On them it acts only where ${found.narrowed_by.join(' and ')} match${found.narrowed_by.length > 1 ? '' : 'es'}.` : '';
  const time = rule.duration ? ` It ends after ${rule.duration}.` : '';
  return `Matches ${hit} now${whom}, and later connections like these.${only}${time}${found.warnings.map((words) => ` Note: ${words}.`).join('')}`;
}

let asked = 0;
async function preview() {
  const rule = ruleOfForm();
  const number = ++asked;
  let words = '';
  try {
    words = wordsFor(await call('POST', 'preview', rule), rule);
  } catch (problem) {
    const first = problem.errors?.[0];
    words = first ? `The rule is not complete yet: ${first.pointer} ${first.detail}` : '';
  }
  // An answer that a later key has outdated is not shown.
  if (number === asked) $('add-preview').textContent = words;
}

let pause = null;
const previewSoon = () => { clearTimeout(pause); pause = setTimeout(preview, kPause); };

// `changed` is called when a rule was added.
export async function startForm(changed) {
  const [all, document] = await Promise.all([call('GET', 'faults'), call('GET', 'openapi.json')]);
  faults = all;
  $('add-type').append(...faults.map(({ type }) => element('option', {}, type)));
  $('add-type').value = 'latency';
  showFault();
  const schema = document.components.schemas.Match.properties;
  conditions = Object.fromEntries(Object.entries(schema).map(([key, about]) => [key, about.description])
    .filter(([key]) => !['listener', 'client', 'direction'].includes(key)));
  $('add-condition').append(...Object.keys(conditions).map((key) => element('option', { value: key }, key)));
  $('add-type').addEventListener('change', showFault);
  $('add-condition').addEventListener('change', addCondition);
  $('add').addEventListener('input', previewSoon);
  $('adding').addEventListener('toggle', preview);
  $('add').addEventListener('submit', async (event) => {
    event.preventDefault();
    $('add-problems').replaceChildren();
    try {
      await call('POST', 'rules', ruleOfForm());
      $('add-name').value = '';
    } catch (problem) {
      const list = problem.errors?.length ? problem.errors : [{ pointer: '', detail: problem.message }];
      $('add-problems').append(...list.map(({ pointer, detail, hint }) =>
        element('li', {}, `${pointer} ${detail}${hint ? ` (${hint})` : ''}`)));
    }
    changed();
  });
}
