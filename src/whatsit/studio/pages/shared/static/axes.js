// What every chart has: round numbers along two axes, a grid, and SVG elements by name.
const SPACE = "http://www.w3.org/2000/svg";

export function element(name, attributes = {}, text = "") {
  const made = document.createElementNS(SPACE, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  return made;
}

// A round number that lies about `count` times between `low` and `high`.
function stride(low, high, count) {
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough * 0.999);
}

// Round numbers from `low` to `high`, about `count` of them; in a narrow chart that can be one alone.
export function ticks(low, high, count = 4) {
  const step = stride(low, high, count);
  const found = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-6; at++) found.push(at * step + 0);
  return found;
}

// An axis over [low, high] pixels [from, to].
export const scale = (low, high, from, to) => (value) => from + ((value - low) / (high - low || 1)) * (to - from);

// The limits widened to round numbers, none above `most`, and those numbers.
export function rounded(low, high, count, most = Infinity) {
  const room = Math.abs(low || 1) * 0.1;
  if (high - low < 1e-9) [low, high] = high + room > most ? [high - 2 * room, high] : [low - room, high + room];
  const step = stride(low, high, count);
  const bottom = Math.floor(low / step + 1e-6) * step;
  const top = Math.ceil(high / step - 1e-6) * step;
  return { low: bottom, high: top, step, ticks: ticks(bottom, top, (top - bottom) / step) };
}

// Digits behind the point without which two ticks would read the same.
export function decimals(step) {
  let digits = 0;
  while (digits < 6 && Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) > 1e-6 * step * 10 ** digits) digits++;
  return digits;
}

export const number = (digits = 2) => {
  const format = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: digits });
  return (value) => format.format(value);
};
export const percent = (digits = 0) => {
  const format = new Intl.NumberFormat(document.documentElement.lang, { style: "percent", maximumFractionDigits: digits });
  return (value) => format.format(value);
};

// Draws again whenever the room changes.
export function whenSized(box, draw) {
  let before = 0;
  new ResizeObserver(() => {
    if (box.clientWidth !== before) { before = box.clientWidth; draw(); }
  }).observe(box);
}

export function grid(svg, frame, x, y) {
  for (const value of y.ticks) {
    const at = frame.y(value);
    svg.append(element("line", { class: "grid", x1: frame.left, x2: frame.right, y1: at, y2: at }),
      element("text", { x: frame.left - 8, y: at + 4, "text-anchor": "end" }, y.format(value)));
  }
  for (const value of x.ticks) {
    svg.append(element("text", { x: frame.x(value), y: frame.bottom + 18, "text-anchor": "middle" }, x.format(value)));
  }
  if (x.title) svg.append(element("text", { class: "title", x: frame.right, y: frame.bottom + 34, "text-anchor": "end" }, x.title));
}
