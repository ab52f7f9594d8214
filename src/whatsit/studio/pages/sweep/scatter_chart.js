// Designs by speed and accuracy: the Pareto front filled and joined, one recommended, the rest hollow.
import { decimals, element, grid, number, percent, rounded, scale, whenSized } from "../axes.js";
import { t } from "../messages.js";

const HEIGHT = 320;

export class ScatterChart {
  #box; #marks = []; #choose;

  constructor(box, choose) {
    this.#box = box;
    this.#choose = choose;
    box.classList.add("chart-box");
    whenSized(box, () => this.#draw());
  }

  // marks: [{ x, y, name, onFront, recommended, low, high }]
  show(marks) {
    this.#marks = marks;
    this.#draw();
  }

  #draw() {
    const width = this.#box.clientWidth;
    if (!width || !this.#marks.length) return this.#box.replaceChildren();
    const xs = this.#marks.map((mark) => mark.x);
    const ys = this.#marks.map((mark) => mark.y);
    const x = { ...rounded(0, Math.max(...xs) * 1.02, Math.min(8, width / 80)), title: t("sweep.axis") };
    const y = rounded(Math.min(...ys) - 0.01, Math.min(1, Math.max(...ys) + 0.005), 5, 1);
    [x.format, y.format] = [number(decimals(x.step)), percent(decimals(100 * y.step))];
    const frame = { left: 46, right: width - 14, top: 14, bottom: HEIGHT - 40 };
    frame.x = scale(x.low, x.high, frame.left, frame.right);
    frame.y = scale(y.low, y.high, frame.bottom, frame.top);
    const svg = element("svg", { class: "chart scatter", width, height: HEIGHT, role: "img", "aria-label": t("sweep.chart") });
    grid(svg, frame, x, y);
    const front = this.#marks.filter((mark) => mark.onFront).sort((one, other) => one.x - other.x);
    svg.append(element("polyline", { class: "front", points: front.map((mark) => `${frame.x(mark.x)},${frame.y(mark.y)}`).join(" ") }));
    const note = document.createElement("p");
    note.className = "chart-note";
    note.hidden = true;
    const labels = [];
    for (const [at, mark] of [...this.#marks.entries()].sort(([, one], [, other]) => one.onFront - other.onFront)) {
      const [px, py] = [frame.x(mark.x), frame.y(mark.y)];
      if (mark.recommended) svg.append(element("circle", { class: "recommended", cx: px, cy: py, r: 10 }));
      const dot = element("circle", { class: mark.onFront ? "mark on-front" : "mark", cx: px, cy: py, r: mark.onFront ? 5.5 : 4.5 });
      const target = element("circle", { class: "target", cx: px, cy: py, r: 14 });
      target.addEventListener("pointerenter", () => this.#tell(note, mark, px, py, width));
      target.addEventListener("pointerleave", () => { note.hidden = true; });
      target.addEventListener("click", () => this.#choose(at));
      svg.append(dot, target);
      if (mark.onFront) labels.push({ text: mark.name, px, py, recommended: mark.recommended });
    }
    this.#name(svg, labels, frame);
    this.#box.replaceChildren(svg, note);
  }

  // Names of the Pareto front, where they cover neither each other nor a point; the table has them all.
  #name(svg, labels, frame) {
    const taken = this.#marks.map((mark) => around(frame.x(mark.x), frame.y(mark.y)));
    const free = (box) => box.left >= frame.left && box.right <= frame.right && box.top >= 0 && box.bottom <= frame.bottom
      && !taken.some((one) => one.left < box.right && box.left < one.right && one.top < box.bottom && box.top < one.bottom);
    labels.sort((one, other) => other.recommended - one.recommended || one.px - other.px);
    for (const { text, px, py } of labels) {
      const room = text.length * 6.8;
      const places = [["end", px - 10 - room, py - 7], ["start", px + 10, py - 7], ["start", px + 10, py + 16], ["end", px - 10 - room, py + 16]]
        .map(([anchor, left, base]) => ({ anchor, base, left, right: left + room, top: base - 11, bottom: base + 3 }));
      const box = places.find(free);
      if (!box) continue;
      taken.push(box);
      svg.append(element("text", { class: "name", x: box.anchor === "end" ? box.right : box.left, y: box.base, "text-anchor": box.anchor }, text));
    }
  }

  #tell(note, mark, px, py, width) {
    const lines = [mark.name, `${percent(1)(mark.y)} (${percent(1)(mark.low)} – ${percent(1)(mark.high)})`, `${number(2)(mark.x)} ms`];
    note.replaceChildren(...lines.map((text, at) => Object.assign(document.createElement(at ? "span" : "strong"), { textContent: text })));
    note.hidden = false;
    const left = px + 14 + note.offsetWidth > width ? px - 14 - note.offsetWidth : px + 14;
    note.style.left = `${Math.max(0, left)}px`;
    note.style.top = `${Math.max(0, py - 30)}px`;
  }
}

const around = (x, y) => ({ left: x - 6, right: x + 6, top: y - 6, bottom: y + 6 });
