// Helpers that format numbers and create elements.
export const $ = (id) => document.getElementById(id);

export function element(name, settings = {}, content = undefined) {
  const made = Object.assign(document.createElement(name), settings);
  if (content !== undefined) made.textContent = content;
  return made;
}

export function grouped(count) {
  return Math.round(count).toLocaleString('en-US');
}

export function countOf(count, what) {
  return `${grouped(count)} ${what}${count === 1 ? '' : 's'}`;
}

export function text(value) {
  if (value == null) return '–';
  return value >= 100 || Number.isInteger(value) ? grouped(value) : value.toPrecision(2);
}

export function bytes(count) {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let unit = 0;
  for (; count >= 1024 && unit < units.length - 1; unit += 1) count /= 1024;
  return `${unit === 0 ? count : count.toFixed(1)} ${units[unit]}`;
}

export function rate(value) {
  const units = ['B/s', 'kB/s', 'MB/s', 'GB/s'];
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; unit += 1) value /= 1000;
  return `${value > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

export function milliseconds(value) {
  return value >= 10000 ? `${(value / 1000).toPrecision(2)} s` : `${text(value)} ms`;
}

// "45 s", "3 min 20 s", "2 h 5 min".
export function spanOf(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min${whole % 60 ? ` ${whole % 60} s` : ''}`;
  const minutes = Math.floor((whole % 3600) / 60);
  return `${Math.floor(whole / 3600)} h${minutes ? ` ${minutes} min` : ''}`;
}

// Splits "300ms" into its number and unit, with a range for a slider. null if the value is not a number with a unit.
export function magnitude(value) {
  const found = /^(\d+(?:\.\d+)?)(\s*(?:us|ms|s|m|h|%|[kKMG]?i?(?:bit|B)(?:\/s)?))$/.exec(String(value));
  if (!found) return null;
  const number = Number(found[1]);
  const most = found[2] === '%' ? 100 : Math.max(number * 4, 1);
  return { number, unit: found[2], most, step: most > 50 ? 1 : most / 100 };
}

// Sets a text only if it differs, so that a screen reader does not repeat it.
export function say(node, words) {
  if (node.textContent !== words) node.textContent = words;
}
