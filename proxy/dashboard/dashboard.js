// The dashboard: reads the API every second, shows its events, and sends the changes of the user.
import { call, follow, onDenied, Unreachable } from './api.js';
import { askForToken, doing, sure } from './ask.js';
import { kMostRows, showFlows } from './flows.js';
import { startForm } from './form.js';
import { $, countOf, element, say, text } from './format.js';
import { showRehearsal } from './rehearsal.js';
import { showRules } from './rules.js';
import { lastPoint, showHistory, showListeners, wordsFor } from './traffic.js';
import { showWhy } from './why.js';

const kMostEvents = 50;

function showEvent(event) {
  if (event.event === 'opened' || event.event === 'closed') return;
  const what = event.fault ? `${event.rule}: ${event.action}${event.delay_ms ? ` ${text(event.delay_ms)} ms` : ''} · ` +
    `${event.listener}#${event.flow} ${event.direction ?? ''}` : wordsFor(event);
  const at = event.time ? new Date(event.time) : new Date();
  const line = element('li');
  line.append(element('time', {}, at.toLocaleTimeString()), what);
  $('events').prepend(line);
  while ($('events').children.length > kMostEvents) $('events').lastChild.remove();
}

// Lists the names of changed tables by kind, such as "rules a, b; listener c".
function namesIn(changes) {
  const kinds = new Map();
  for (const { kind, name } of changes) kinds.set(kind, [...(kinds.get(kind) ?? []), name]);
  return [...kinds].map(([kind, names]) => `${kind}${names.length > 1 ? 's' : ''} ${names.join(', ')}`).join('; ');
}

function showStatus(status) {
  document.body.classList.toggle('halted', status.halted);
  document.title = status.halted ? 'HALTED – Brownout' : 'Brownout';
  if ($('halted').hidden === status.halted) $('halted').hidden = !status.halted;
  $('resume').hidden = Boolean(status.rehearsal);
  say($('status'), `${countOf(status.flows, 'flow')} · ${countOf(status.rules, 'rule')} · ` +
    `${countOf(status.injected, 'fault')} injected · seed ${status.seed}` +
    (status.leases.length ? ` · ${countOf(status.leases.length, 'lease')}` : ''));
  const differs = namesIn(status.differs_from_file);
  const said = [
    status.file_not_loaded ? `The rule file is not loaded, the previous rules stay active: ${status.file_not_loaded}.` : '',
    differs ? `The active configuration differs from the rule file: ${differs}` : '',
  ].join(' ').trim();
  $('differs').hidden = !said;
  $('reset').hidden = !differs;
  say($('differs').firstElementChild, said);
}

// Values of a lost connection are old, and no button can act.
let seen = null;
function showConnection(alive) {
  document.body.classList.toggle('stale', !alive);
  $('lost').hidden = alive;
  document.querySelector('main').inert = !alive;
  $('halt').disabled = !alive;
  $('resume').disabled = !alive;
  if (alive) {
    seen = new Date();
    return;
  }
  document.title = 'LOST – Brownout';
  const old = seen ? ` Values are from ${seen.toLocaleTimeString()}.` : '';
  say($('lost'), `Connection to Brownout lost.${old} Retrying.`);
}

let events = null;
async function readAll() {
  // Without a search, only as many flows as the table shows.
  const wanted = $('search').value ? 'flows' : `flows?limit=${kMostRows}`;
  const [status, listeners, rules, flows, history] = await Promise.all(
    ['status', 'listeners', 'rules', wanted, `history?after=${lastPoint()}`].map((path) => call('GET', path)));
  showConnection(true);
  showStatus(status);
  showRehearsal(status.rehearsal);
  showRules(rules, status);
  showListeners(listeners);
  showHistory(history);
  showFlows(flows, status);
  await showWhy();
  // Changes before the page was loaded; later ones come by follow().
  if (!events) history.events.forEach(showEvent);
  events = history.events;
}

let form = null;
let looking = false;
const look = doing(async () => {
  if (looking) return;
  looking = true;
  try {
    await readAll();
    // Again, if the connection was lost meanwhile.
    form ??= startForm(look).catch(() => { form = null; });
  } catch (problem) {
    if (problem instanceof Unreachable) showConnection(false);
    throw problem;
  } finally {
    looking = false;
  }
});

// Halt does not toggle: a second press, or a press by another user, must not resume the faults.
const halt = doing(async () => showStatus(await call('POST', 'halt')));
$('halt').addEventListener('click', halt);
$('resume').addEventListener('click', doing(async () => {
  if (await sure('Switch all faults on again?', 'Resume')) showStatus(await call('POST', 'resume'));
}));
$('reset').addEventListener('click', doing(async () => {
  const question = 'Restore the state of the rule file? This undoes all changes that the dashboard and the API made.';
  if (await sure(question, 'Restore')) showStatus(await call('POST', 'reset'));
}));
$('search').addEventListener('input', look);
$('why-search').addEventListener('input', doing(showWhy));
document.addEventListener('keydown', (event) => {
  const typing = event.target.matches('input:not([type=checkbox]):not([type=range]), select, textarea');
  if (event.key === 'h' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) halt();
});

onDenied(askForToken);

async function start() {
  await look();
  follow(showEvent);
  setInterval(() => { if (!document.hidden) look(); }, 1000);
}
doing(start)();
