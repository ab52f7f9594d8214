// Any number of points on a canvas: drawn once per change, found through a grid, selected with a lasso.
import { listen } from "./gestures.js";
import { Painter } from "./painter.js";
import { Viewport } from "./viewport.js";

const BINS = 64;
const REACH = 16;
const NEIGHBOURS = 10;

export class Scatter {
  // `hover(index, x, y)` gets -1 for none; `changed()` is called after every change of the selection; `opened(index)`;
  // `picture(index)` gives an address.
  constructor(canvas, { hover, changed, opened, picture }) {
    Object.assign(this, { canvas, hover, changed, opened });
    this.viewport = new Viewport(canvas, () => this.later());
    this.painter = new Painter(canvas, picture, () => this.later());
    this.tool = "lasso";
    this.current = -1;
    this.lasso = null;
    this.set({ x: [], y: [] });
    this.paint([], ["#888"], null);
    new ResizeObserver(() => {
      this.painter.resize();
      this.later();
    }).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.later());
    listen(this);
  }

  // Places 0..1.
  set({ x, y }) {
    this.count = x.length;
    this.x = Float32Array.from(x);
    this.y = Float32Array.from(y);
    this.selected = new Set();
    this.current = -1;
    this.bins = new Map();
    for (let index = 0; index < this.count; index += 1) {
      const bin = Math.floor(this.x[index] * BINS) * 1000 + Math.floor(this.y[index] * BINS);
      if (!this.bins.has(bin)) this.bins.set(bin, []);
      this.bins.get(bin).push(index);
    }
    this.painter.images.clear();
    this.later();
  }

  // `group[index]` is the place of a point's colour in `palette`; points outside `focus` fade.
  paint(group, palette, focus) {
    Object.assign(this, { group, palette, focus });
    this.painter.sprites = null;
    this.later();
  }

  // Draws before the next frame is shown, however often it was asked for.
  later() {
    this.frame ??= requestAnimationFrame(() => { this.frame = null; this.painter.draw(this); });
  }

  // ---- points ----
  faded(index) { return this.focus !== null && this.group[index] !== this.focus; }
  place(index) { return [this.viewport.screenX(this.x[index]), this.viewport.screenY(this.y[index])]; }

  // The point nearest to a place on the screen, -1 where none is within reach.
  nearest(px, py, within = REACH) {
    const { viewport } = this;
    const reach = [viewport.mapX(px - within), viewport.mapX(px + within), viewport.mapY(py - within), viewport.mapY(py + within)].map((v) => Math.max(0, Math.min(BINS, Math.floor(v * BINS))));
    let [best, least] = [-1, within * within];
    for (let column = reach[0]; column <= reach[1]; column += 1) {
      for (let line = reach[2]; line <= reach[3]; line += 1) {
        for (const index of this.bins.get(column * 1000 + line) ?? []) {
          const [ax, ay] = this.place(index);
          const away = (ax - px) ** 2 + (ay - py) ** 2;
          if (away < least && !this.faded(index)) [best, least] = [index, away];
        }
      }
    }
    return best;
  }

  inside(polygon) {
    const found = [];
    const shape = polygon.map(([px, py]) => [this.viewport.mapX(px), this.viewport.mapY(py)]);
    for (let index = 0; index < this.count; index += 1) {
      if (!this.faded(index) && within(shape, this.x[index], this.y[index])) found.push(index);
    }
    return found;
  }

  // ---- the current point ----
  hoverAt(px, py) {
    const found = this.nearest(px, py);
    if (found === this.current) return;
    this.current = found;
    this.hover(found, ...(found < 0 ? [0, 0] : this.place(found)));
    this.later();
  }

  point(index) {
    this.current = index;
    if (index >= 0) {
      this.viewport.reveal(...this.place(index));
      this.hover(index, ...this.place(index));
    } else this.hover(-1, 0, 0);
    this.later();
  }

  // The next point in a direction: near, and not far aside.
  step(dx, dy) {
    if (!this.count) return;
    const { width, height } = this.viewport;
    const from = this.current >= 0 ? this.current : this.nearest(width / 2, height / 2, 1e4);
    let [best, least] = [from, Infinity];
    const [cx, cy] = this.place(from);
    for (let index = 0; index < this.count && this.current >= 0; index += 1) {
      if (index === from || this.faded(index)) continue;
      const [ax, ay] = [this.viewport.screenX(this.x[index]) - cx, this.viewport.screenY(this.y[index]) - cy];
      const ahead = ax * dx + ay * dy;
      const aside = Math.abs(ax * dy) + Math.abs(ay * dx);
      if (ahead < 0.5 || aside > ahead * 2) continue;
      const away = ahead + aside * 2;
      if (away < least) [best, least] = [index, away];
    }
    this.point(best);
  }

  // ---- the selection ----
  choose(indices, mode) {
    if (mode === "only") this.selected = new Set(indices);
    else for (const index of indices) mode === "less" ? this.selected.delete(index) : this.selected.add(index);
    this.later();
    this.changed();
  }

  toggle(index) {
    this.choose([index], this.selected.has(index) ? "less" : "more");
  }

  // The keyboard's lasso: the current point's nearest neighbours that are not selected yet.
  grow() {
    if (this.current < 0) return;
    const [cx, cy] = [this.x[this.current], this.y[this.current]];
    const rest = [];
    for (let index = 0; index < this.count; index += 1) if (!this.selected.has(index) && !this.faded(index)) rest.push([(this.x[index] - cx) ** 2 + (this.y[index] - cy) ** 2, index]);
    rest.sort((one, other) => one[0] - other[0]);
    this.choose(rest.slice(0, NEIGHBOURS).map(([, index]) => index), "more");
  }
}

function within(shape, x, y) {
  let inside = false;
  for (let one = 0, other = shape.length - 1; one < shape.length; other = one, one += 1) {
    const [ax, ay] = shape[one];
    const [bx, by] = shape[other];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}
