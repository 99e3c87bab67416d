// The request list: what rules did to connections, requests and messages, newest first (GET /why).
import { call } from './api.js';
import { $, element, text } from './format.js';

const kMost = 50;
const kKnown = new Set(['time', 'seed', 'rule', 'fault', 'listener', 'flow', 'client', 'request', 'direction', 'action',
  'bytes', 'delay_ms', 'ordinal', 'draw', 'probability', 'times', 'event', 'why', 'method', 'path', 'status', 'qname',
  'qtype', 'host', 'ja3', 'destination', 'transport', 'traceparent', 'b3']);

// "GET /login 503", "example.org A" or "packet=publish topic=home/1".
function what(entry) {
  const parts = ['method', 'path', 'status', 'qname', 'qtype'].map((key) => entry[key]).filter((part) => part !== undefined);
  for (const [key, value] of Object.entries(entry)) if (!kKnown.has(key)) parts.push(`${key}=${value}`);
  return parts.join(' ');
}

function done(entry) {
  if (entry.event) return `${entry.event}: ${entry.why}`;
  const delay = entry.delay_ms ? ` ${text(entry.delay_ms)} ms` : '';
  const times = entry.times > 1 ? `, ${entry.times} times` : '';
  return `${entry.fault}: ${entry.action}${delay}${entry.direction ? ` ${entry.direction}` : ''}${times}`;
}

function draw(entry) {
  return entry.draw === undefined ? entry.probability ?? '' : `${entry.draw.toFixed(3)} < ${entry.probability}`;
}

// The rows change only if the entries do, so that a text can be selected.
let shown = '';

export async function showWhy() {
  const wanted = $('why-search').value;
  const { entries, total } = await call('GET', `why?limit=${kMost}${wanted ? `&text=${encodeURIComponent(wanted)}` : ''}`);
  const say = JSON.stringify(entries);
  if (say === shown) return;
  shown = say;
  $('why-count').textContent = `(${entries.length} of ${total})`;
  $('why').replaceChildren(...entries.map((entry) => {
    const row = element('tr');
    const texts = [new Date(entry.time).toLocaleTimeString(), `${entry.listener}#${entry.flow}`, entry.client ?? '',
      what(entry), entry.rule ?? '', done(entry), draw(entry), entry.traceparent ?? entry.b3 ?? ''];
    row.append(...texts.map((value) => element('td', {}, value)));
    return row;
  }));
}
