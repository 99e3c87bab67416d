// Draws charts of the last minutes with uPlot.
const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
export const colours = { up: '--up', down: '--down', bad: '--bad' };

// Upper bounds of the API's latency buckets, in ms.
const kBounds = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 120000];

// Interpolates a percentile in ms from the counts of the buckets; null if all counts are 0.
export function percentile(buckets, share) {
  const total = buckets.reduce((sum, n) => sum + n, 0);
  if (total <= 0) return null;
  let seen = 0;
  for (let i = 0; i < buckets.length; i += 1) {
    if (seen + buckets[i] >= share * total && buckets[i] > 0) {
      const low = i === 0 ? 0 : kBounds[i - 1];
      return low + (kBounds[i] - low) * (share * total - seen) / buckets[i];
    }
    seen += buckets[i];
  }
  return null;
}

export function rate(value) {
  const units = ['B/s', 'kB/s', 'MB/s', 'GB/s'];
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; unit += 1) value /= 1000;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

export class Chart {
  static history = 120;

  constructor(parent, title, names, tints, show, bars = false) {
    this.root = document.createElement('div');
    this.root.className = 'chart';
    if (title) {
      const head = document.createElement('h4');
      head.textContent = title;
      this.root.append(head);
    }
    parent.append(this.root);
    this.data = [[], ...names.map(() => [])];
    const axis = { stroke: () => style('--soft'), grid: { stroke: () => style('--line'), width: 1 }, ticks: { show: false }, font: '11px system-ui' };
    this.plot = new uPlot({
      width: this.width(), height: 130,
      series: [{}, ...names.map((name, i) => ({
        label: name, stroke: () => style(tints[i]), width: 2, points: { show: false },
        value: (_, v) => (v == null ? '–' : show(v)),
        ...(bars ? { paths: uPlot.paths.bars({ size: [0.8, 12] }), fill: () => style(tints[i]) } : {}),
      }))],
      axes: [{ ...axis, values: (_, at) => at.map((t) => new Date(t * 1000).toLocaleTimeString([], { minute: '2-digit', second: '2-digit' })) },
        { ...axis, size: 64, values: (_, values) => values.map(show) }],
      scales: { y: { range: (_, low, high) => [0, Math.max(high ?? 0, 1) * 1.1] } },
    }, this.data, this.root);
    new ResizeObserver(() => this.plot.setSize({ width: this.width(), height: 130 })).observe(this.root);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.plot.redraw());
  }

  width() { return Math.max(160, this.root.clientWidth); }

  add(now, values) {
    this.data[0].push(now / 1000);
    values.forEach((value, i) => this.data[i + 1].push(value));
    if (this.data[0].length > Chart.history) for (const column of this.data) column.shift();
    this.plot.setData(this.data);
  }
}
