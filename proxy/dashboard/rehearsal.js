// The course of a rehearsal: its phases, and the success of its users.
import { $, element, grouped, say, spanOf } from './format.js';

function percent(counts) {
  const all = counts.ok + counts.failed;
  return all === 0 ? '–' : `${(100 * counts.ok / all).toFixed(1)}%`;
}

function showPhase(phase, i) {
  const list = $('phases');
  const item = list.children[i] ?? list.appendChild(element('li'));
  item.className = phase.state;
  item.style.setProperty('--share', phase.end_s - phase.begin_s);
  const word = phase.state === 'running' ? `${spanOf(phase.left_s)} left` : phase.state;
  say(item, `${phase.name}: ${word}`);
  item.toggleAttribute('aria-current', phase.state === 'running');
}

export function showRehearsal(course) {
  $('rehearsal').hidden = !course;
  $('adding').hidden = Boolean(course);
  if (!course) return;
  say($('rehearsal-title'), `Rehearsal: ${course.name}`);
  const where = course.now_s < 0 ? 'checking the steady state' : `${spanOf(course.now_s)} of ${spanOf(course.length_s)}`;
  say($('rehearsal-about'), course.halted ? `Halted: ${course.halted}` : `${where}. The phases decide which rules act; Halt ends them and goes on with the recovery.`);
  course.phases.forEach(showPhase);
  $('probes').replaceChildren(...course.probes.map((probe) => {
    const row = element('tr');
    const all = probe.ok + probe.failed;
    const failing = probe.now.failed > 0;
    row.append(element('td', {}, `${probe.name} (${grouped(probe.users)})`), element('td', { className: failing ? 'down' : 'up' }, percent(probe.now)),
      element('td', {}, percent(probe)), element('td', {}, grouped(all)));
    return row;
  }));
}
