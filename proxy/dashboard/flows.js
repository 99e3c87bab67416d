// The open connections and UDP sessions. The row of a flow is reused, so that its button stays under the pointer.
import { call } from './api.js';
import { doing, sure } from './ask.js';
import { $, bytes, element, grouped, text } from './format.js';

export const kMostRows = 200;
const rows = new Map();

function rowOf(flow, id) {
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
  return { root, cells, cut };
}

export function showFlows(list, status) {
  const wanted = $('search').value.toLowerCase();
  const all = list.flows.filter((flow) =>
    `${flow.listener}#${flow.flow} ${flow.client} ${flow.destination} ${flow.rules.join(' ')}`.toLowerCase().includes(wanted));
  $('flow-count').textContent = `(${grouped(all.length)} of ${grouped(list.total)})`;
  const shown = new Map(all.slice(0, kMostRows).map((flow) => [`${flow.listener}#${flow.flow}`, flow]));
  for (const [id, row] of rows) {
    if (!shown.has(id)) { row.root.remove(); rows.delete(id); }
  }
  for (const [id, flow] of shown) {
    if (!rows.has(id)) rows.set(id, rowOf(flow, id));
    const texts = [id, flow.client, flow.destination, `${text(flow.age_seconds)} s`,
      bytes(flow.bytes.upstream), bytes(flow.bytes.downstream), bytes(flow.held.upstream + flow.held.downstream),
      flow.rules.join(', ')];
    rows.get(id).cells.forEach((cell, i) => { cell.textContent = texts[i]; });
    rows.get(id).cut.disabled = Boolean(status.rehearsal);
  }
}
