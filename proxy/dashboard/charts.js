// Charts of the last ten minutes, drawn by uPlot: a heading with the values of now, or of the instant under the pointer.
import { element, say } from './format.js';

const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const kSpans = [60, 120, 300, 600];  // seconds; a young history is not squeezed into a corner
const kHeight = 96;

// The marks of all charts: [{time, words}], and the halts: [{from, to}]. Set before the data.
export const marks = { lines: [], halts: [] };

function drawMarks(plot) {
  const { ctx, bbox } = plot;
  const x = (time) => plot.valToPos(time, 'x', true);
  const seen = (time) => time >= plot.scales.x.min && time <= plot.scales.x.max;
  ctx.save();
  ctx.fillStyle = style('--halt-shade');
  for (const { from, to } of marks.halts) {
    const left = Math.max(x(from), bbox.left);
    const right = Math.min(x(to), bbox.left + bbox.width);
    if (right > left) ctx.fillRect(left, bbox.top, right - left, bbox.height);
  }
  ctx.strokeStyle = style('--mark');
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  for (const { time } of marks.lines.filter((mark) => seen(mark.time))) {
    ctx.beginPath();
    ctx.moveTo(x(time), bbox.top);
    ctx.lineTo(x(time), bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

// "−5 min" or "−30 s", and "now" at the end.
const ago = (plot, splits) => splits.map((time) => {
  const seconds = Math.round(plot.scales.x.max - time);
  if (seconds === 0) return 'now';
  return seconds < 120 ? `−${seconds} s` : `−${Math.round(seconds / 60)} min`;
});

export class Chart {
  // `series`: [{name, colour}]; `show` formats a value.
  constructor(parent, title, series, show, bars = false) {
    this.series = series;
    this.show = show;
    this.root = element('div', { className: 'chart' });
    this.root.append(element('h4', {}, title), this.legend());
    parent.append(this.root);
    this.data = [[], ...series.map(() => [])];
    const axis = { stroke: () => style('--soft'), grid: { stroke: () => style('--line'), width: 1 }, ticks: { show: false }, font: '11px system-ui' };
    const steps = () => (this.width() > 330 ? 5 : 2);
    this.plot = new uPlot({
      width: this.width(), height: kHeight, legend: { show: false },
      padding: [6, 18, 0, 0],
      cursor: { y: false, drag: { setScale: false, x: false, y: false } },
      series: [{}, ...series.map(({ colour }) => ({
        stroke: () => style(colour), width: 2, points: { show: false }, spanGaps: false,
        ...(bars ? { paths: uPlot.paths.bars({ size: [0.9, 12] }), fill: () => style(colour) } : {}),
      }))],
      axes: [
        { ...axis, size: 22, values: ago, splits: (plot) => Array.from({ length: steps() + 1 }, (_, i) => plot.scales.x.max - this.span() * (1 - i / steps())) },
        { ...axis, size: 62, splits: (plot) => [0, plot.scales.y.max / 1.1], values: (_, values) => values.map(show) },
      ],
      scales: { x: { time: false, range: () => [this.now() - this.span(), this.now()] },
        y: { range: (_, low, high) => [0, (high > 0 ? high : 1) * 1.1] } },
      hooks: { drawClear: [drawMarks], setCursor: [() => this.say()] },
    }, this.data, this.root);
    new ResizeObserver(() => this.plot.setSize({ width: this.width(), height: kHeight })).observe(this.root);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.plot.redraw());
  }

  legend() {
    const list = element('p', { className: 'legend' });
    this.values = this.series.map(({ name, colour }) => {
      const item = element('span', {}, `${name} `);
      item.style.setProperty('--tint', `var(${colour})`);
      const value = element('output');
      item.append(value);
      list.append(item);
      return value;
    });
    this.when = element('span', { className: 'when' });
    list.append(this.when);
    return list;
  }

  now() { return this.data[0].at(-1) ?? Date.now() / 1000; }
  span() { return kSpans.find((span) => this.now() - (this.data[0][0] ?? this.now()) <= span) ?? kSpans.at(-1); }
  width() { return Math.max(160, this.root.clientWidth); }

  say() {
    const times = this.data[0];
    const pointed = this.plot?.cursor.idx;
    const index = pointed ?? times.length - 1;
    this.values.forEach((value, i) => {
      const number = this.data[i + 1][index];
      say(value, number == null ? '–' : this.show(number));
    });
    const mark = pointed == null ? null : marks.lines.find(({ time }) => Math.abs(time - times[index]) < 4);
    say(this.when, pointed == null || times[index] == null ? ''
      : ` at ${new Date(times[index] * 1000).toLocaleTimeString()}${mark ? `: ${mark.words}` : ''}`);
  }

  set(times, columns) {
    this.data = [times, ...columns];
    this.plot.setData(this.data);
    this.say();
  }
}
