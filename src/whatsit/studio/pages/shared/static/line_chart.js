// Lines over a shared grid, redrawn as they grow; the pointer reads the values off.
import { element, grid, rounded, scale, whenSized } from "./axes.js";

const HEIGHT = 210;

// series: [{ name, kind, points: [[x, y]] }]; `kind` is a class of the sheet. y: { format, from, to }, x: { format, title, from, to }.
export class LineChart {
  #box; #series = []; #options = {};

  constructor(box) {
    this.#box = box;
    box.classList.add("chart-box");
    whenSized(box, () => this.#draw());
  }

  show(series, options) {
    this.#series = series.filter((line) => line.points.length);
    this.#options = options;
    this.#draw();
  }

  #draw() {
    const width = this.#box.clientWidth;
    if (!width || !this.#options.y) return;
    const { x: across, y: up, label, marker = null } = this.#options;
    const points = this.#series.flatMap((line) => line.points);
    if (!points.length) return this.#box.replaceChildren();
    const low = (axis, at) => axis.from ?? Math.min(...points.map((point) => point[at]));
    const high = (axis, at) => axis.to ?? Math.max(...points.map((point) => point[at]));
    const y = { ...rounded(low(up, 1), high(up, 1), 4, up.to), format: up.format };
    const ends = [low(across, 0), high(across, 0)];
    const x = { ...rounded(...ends, Math.min(6, width / 90)), format: across.format, title: across.title };
    x.ticks = x.ticks.filter((value) => value >= ends[0] && value <= ends[1]);
    const frame = { left: 46, right: width - 10, top: 10, bottom: HEIGHT - 40 };
    frame.x = scale(ends[0], ends[1] === ends[0] ? ends[0] + 1 : ends[1], frame.left, frame.right);
    frame.y = scale(y.low, y.high, frame.bottom, frame.top);
    const svg = element("svg", { class: "chart", width, height: HEIGHT, role: "img", "aria-label": this.#spoken(label) });
    grid(svg, frame, x, y);
    if (marker !== null) svg.append(element("line", { class: "marker", x1: frame.x(marker), x2: frame.x(marker), y1: frame.top, y2: frame.bottom }));
    for (const line of this.#series) {
      const path = line.points.map(([px, py]) => `${frame.x(px).toFixed(1)},${frame.y(py).toFixed(1)}`).join(" ");
      svg.append(element("polyline", { class: `line ${line.kind}`, points: path }));
      const dots = line.dots ? line.points : line.points.slice(-1);
      for (const [px, py] of dots) svg.append(element("circle", { class: `end ${line.kind}`, cx: frame.x(px), cy: frame.y(py), r: 3.5 }));
    }
    const cross = element("line", { class: "cross", y1: frame.top, y2: frame.bottom, visibility: "hidden" });
    const note = document.createElement("p");
    note.className = "chart-note";
    note.hidden = true;
    svg.append(cross);
    this.#box.replaceChildren(svg, note);
    const leave = () => { cross.setAttribute("visibility", "hidden"); note.hidden = true; };
    svg.addEventListener("pointerleave", leave);
    svg.addEventListener("pointermove", (event) => {
      const at = event.clientX - svg.getBoundingClientRect().left;
      const near = this.#nearest(frame, at);
      if (near === null) return leave();
      const place = frame.x(near);
      cross.setAttribute("x1", place);
      cross.setAttribute("x2", place);
      cross.setAttribute("visibility", "visible");
      const rows = this.#series.map((line) => [line.name, line.points.find((point) => point[0] === near)]).filter(([, point]) => point);
      note.replaceChildren(bold(`${across.title ?? ""} ${across.format(near)}`), ...rows.map(([name, point]) => plain(`${name} ${(up.exact ?? up.format)(point[1])}`)));
      note.hidden = false;
      note.style.left = `${Math.min(Math.max(0, place + 10), width - note.offsetWidth)}px`;
      if (place + 10 + note.offsetWidth > width) note.style.left = `${Math.max(0, place - 10 - note.offsetWidth)}px`;
    });
  }

  #nearest(frame, at) {
    let best = null;
    for (const line of this.#series) {
      for (const [x] of line.points) if (best === null || Math.abs(frame.x(x) - at) < Math.abs(frame.x(best) - at)) best = x;
    }
    return best;
  }

  #spoken(label) {
    const exact = this.#options.y.exact ?? this.#options.y.format;
    return `${label}: ${this.#series.map((line) => `${line.name} ${exact(line.points.at(-1)[1])}`).join(", ")}`;
  }
}

const bold = (text) => Object.assign(document.createElement("strong"), { textContent: text });
const plain = (text) => Object.assign(document.createElement("span"), { textContent: text });

// Which line is which, under a chart's heading.
export function legend(box, names) {
  box.replaceChildren(...names.map(([kind, name]) => {
    const item = document.createElement("span");
    item.className = `legend ${kind}`;
    item.textContent = name;
    return item;
  }));
}
