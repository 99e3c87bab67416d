// Helpers that format numbers and create elements.
export function element(name, settings = {}, content = undefined) {
  const made = Object.assign(document.createElement(name), settings);
  if (content !== undefined) made.textContent = content;
  return made;
}

export function text(value) {
  if (value == null) return '–';
  return value >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toPrecision(2);
}

export function bytes(count) {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let unit = 0;
  for (; count >= 1024 && unit < units.length - 1; unit += 1) count /= 1024;
  return `${unit === 0 ? count : count.toFixed(1)} ${units[unit]}`;
}

// Splits "300ms" into its number and unit, and adds a range for a slider. Returns null if the value
// is not a number with a unit.
export function magnitude(value) {
  const found = /^(\d+(?:\.\d+)?)(\s*(?:us|ms|s|m|h|%|[kKMG]?i?(?:bit|B)(?:\/s)?))$/.exec(String(value));
  if (!found) return null;
  const number = Number(found[1]);
  const most = found[2] === '%' ? 100 : Math.max(number * 4, 1);
  return { number, unit: found[2], most, step: most > 50 ? 1 : most / 100 };
}
