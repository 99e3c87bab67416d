// The traffic of each listener: one row of charts, from the history that the proxy keeps.
import { Chart, marks } from './charts.js';
import { $, countOf, element, milliseconds, rate, say, text } from './format.js';

const kPoints = 600;
const rows = new Map();
let history = null;
let timeline = null;

const kStates = { up: '▲ up', down: '▼ down', unknown: 'not tried yet' };

function rowOf(listener) {
  const old = rows.get(listener.name);
  if (old) return old;
  const root = element('div', { className: 'listener' });
  const about = element('div', { className: 'about' });
  const where = element('p');
  const servers = element('ul', { className: 'servers' });
  const counts = element('p');
  const hint = element('p', { className: 'hint', hidden: true });
  about.append(element('h3', {}, listener.name), where, servers, counts, hint);
  root.append(about);
  $('listeners').append(root);
  const line = (name, colour) => ({ name, colour });
  const row = { root, where, servers, counts, hint, charts: [
    [new Chart(root, 'Throughput', [line('up', '--up'), line('down', '--down')], rate), ['up', 'down']],
    [new Chart(root, 'Time to answer', [line('median', '--up'), line('p99', '--bad')], milliseconds), ['p50_ms', 'p99_ms']],
    [new Chart(root, 'Failures a second', [line('requests', '--bad'), line('connects', '--down')], text), ['failed', 'connect_failed']],
  ] };
  rows.set(listener.name, row);
  return row;
}

// Tells a user who has just started Brownout what to do next.
function hintFor(listener) {
  if (!listener.open) return '';
  const to = listener.address;
  const instead = listener.servers?.length ? ` instead of ${listener.servers[0].address}` : '';
  const example = listener.definition.protocol === 'http' ? `, for example: curl http://${to}/` : '';
  return `No client has connected yet. Point your client at ${to}${instead}${example}`;
}

export function showListeners(listeners) {
  const names = new Set(listeners.map(({ name }) => name));
  for (const [name, row] of rows) {
    if (!names.has(name)) { row.root.remove(); rows.delete(name); }
  }
  for (const listener of listeners) {
    const row = rowOf(listener);
    say(row.where, listener.open ? listener.address : 'closed');
    const servers = (listener.servers ?? []).map(({ address, state }) => `${address} ${kStates[state]}`);
    if (servers.join() !== row.said) {
      row.said = servers.join();
      row.servers.replaceChildren(...(listener.servers ?? []).map(({ address, state }) => {
        const item = element('li', {}, `→ ${address} `);
        item.append(element('span', { className: state }, kStates[state]));
        return item;
      }));
    }
    const c = listener.connections ?? { open: 0, total: 0 };
    say(row.counts, `${countOf(c.open, 'connection')} open, ${text(c.total)} so far${listener.turns ? `, ${text(listener.turns)} turns (server data after client data)` : ''}`);
    const hint = c.total === 0 ? hintFor(listener) : '';
    row.hint.hidden = !hint;
    say(row.hint, hint);
  }
  const known = [...$('add-listener').options].map((option) => option.value).filter(Boolean);
  for (const name of names) if (!known.includes(name)) $('add-listener').append(element('option', {}, name));
}

// A change in words: {"event": "changed", "rule": "slow"} is "rule slow changed".
export function wordsFor(event) {
  const what = Object.entries(event).filter(([key]) => key !== 'event' && key !== 'time');
  return `${what.map(([key, value]) => `${key} ${value}`).join(', ')} ${event.event}`.trim();
}

function takeMarks(events) {
  marks.lines = events.map((event) => ({ time: Date.parse(event.time) / 1000, words: wordsFor(event) }));
  marks.halts = [];
  for (const event of events) {
    const time = Date.parse(event.time) / 1000;
    const open = marks.halts.find((halt) => halt.to === Infinity);
    if (event.event === 'halted' && !open) marks.halts.push({ from: time, to: Infinity });
    if (event.event === 'resumed' && open) open.to = time;
  }
  $('marks-key').hidden = !events.length;
}

function append(old, fresh) {
  return [...old, ...fresh].slice(-kPoints);
}

// A proxy that was restarted, or a page that slept, begins anew.
function takePoints(part) {
  if (!history || part.first !== history.last + 1) {
    history = part;
    return;
  }
  const known = history.time.length;
  history.last = part.last;
  history.time = append(history.time, part.time);
  history.faults = append(history.faults, part.faults);
  for (const name of Object.keys(history.listeners)) if (!part.listeners[name]) delete history.listeners[name];
  for (const [name, columns] of Object.entries(part.listeners)) {
    const old = history.listeners[name];
    for (const key of Object.keys(columns)) columns[key] = append(old?.[key] ?? Array(known).fill(null), columns[key]);
    history.listeners[name] = columns;
  }
}

export const lastPoint = () => history?.last ?? 0;

export function showHistory(part) {
  takePoints(part);
  takeMarks(part.events);
  timeline ??= new Chart($('timeline'), 'Faults a second', [{ name: 'faults', colour: '--bad' }], text, true);
  timeline.set(history.time, [history.faults]);
  for (const [name, row] of rows) {
    const columns = history.listeners[name];
    if (!columns) continue;
    for (const [chart, keys] of row.charts) chart.set(history.time, keys.map((key) => columns[key]));
  }
}
