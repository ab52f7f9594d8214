// Any number of points on a canvas: drawn once a change, found by a grid, chosen by a lasso.
const PAD = 30;
const TOOLS = 78; // room on the right for the tools
const BINS = 64;
const NEAR = 16;
const PICTURES = 140;
const DOTS = 2;

export class Scatter {
  // `hover(index, x, y)`, -1 for none; `changed()` after every change of the selection; `opened(index)`;
  // `picture(index)` gives an address.
  constructor(canvas, { hover, changed, opened, picture }) {
    Object.assign(this, { canvas, hover, changed, opened, picture });
    this.context = canvas.getContext("2d");
    this.view = { scale: 1, x: 0, y: 0 };
    this.tool = "lasso";
    this.current = -1;
    this.lasso = null;
    this.images = new Map();
    this.set({ x: [], y: [] });
    this.paint([], ["#888"], null);
    new ResizeObserver(() => this.resize()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.later());
    this.listen();
  }

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
    this.later();
  }

  // `group[index]` is the place of a point's colour in `palette`; points outside `focus` fade.
  paint(group, palette, focus) {
    this.group = group;
    this.palette = palette;
    this.focus = focus;
    this.sprites = null;
    this.later();
  }

  // ---- places ----
  get width() { return this.canvas.clientWidth; }
  get height() { return this.canvas.clientHeight; }
  screenX(x) { return (PAD + x * (this.width - PAD - TOOLS)) * this.view.scale + this.view.x; }
  screenY(y) { return (PAD + y * (this.height - 2 * PAD)) * this.view.scale + this.view.y; }
  mapX(px) { return ((px - this.view.x) / this.view.scale - PAD) / (this.width - PAD - TOOLS); }
  mapY(py) { return ((py - this.view.y) / this.view.scale - PAD) / (this.height - 2 * PAD); }
  faded(index) { return this.focus !== null && this.group[index] !== this.focus; }

  nearest(px, py, within = NEAR) {
    const reach = [this.mapX(px - within), this.mapX(px + within), this.mapY(py - within), this.mapY(py + within)].map((v) => Math.max(0, Math.min(BINS, Math.floor(v * BINS))));
    let [best, least] = [-1, within * within];
    for (let column = reach[0]; column <= reach[1]; column += 1) {
      for (let line = reach[2]; line <= reach[3]; line += 1) {
        for (const index of this.bins.get(column * 1000 + line) ?? []) {
          const away = (this.screenX(this.x[index]) - px) ** 2 + (this.screenY(this.y[index]) - py) ** 2;
          if (away < least && !this.faded(index)) [best, least] = [index, away];
        }
      }
    }
    return best;
  }

  zoom(factor, px = this.width / 2, py = this.height / 2) {
    const scale = Math.max(1, Math.min(60, this.view.scale * factor));
    const by = scale / this.view.scale;
    this.view = { scale, x: px - (px - this.view.x) * by, y: py - (py - this.view.y) * by };
    this.keepInside();
  }

  pan(dx, dy) {
    this.view.x += dx;
    this.view.y += dy;
    this.keepInside();
  }

  fit() {
    this.view = { scale: 1, x: 0, y: 0 };
    this.later();
  }

  keepInside() {
    const { scale } = this.view;
    this.view.x = Math.min(0, Math.max(this.width * (1 - scale), this.view.x));
    this.view.y = Math.min(0, Math.max(this.height * (1 - scale), this.view.y));
    this.later();
  }

  reveal(index) {
    const [px, py] = [this.screenX(this.x[index]), this.screenY(this.y[index])];
    const margin = 40;
    if (px < margin || py < margin || px > this.width - margin || py > this.height - margin) this.pan(this.width / 2 - px, this.height / 2 - py);
  }

  // ---- drawing ----
  resize() {
    const ratio = Math.min(2, devicePixelRatio || 1);
    this.canvas.width = Math.round(this.width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    this.ratio = ratio;
    this.sprites = null;
    this.later();
  }

  later() {
    this.frame ??= requestAnimationFrame(() => { this.frame = null; this.draw(); });
  }

  draw() {
    const { context, ratio = 1, width, height } = this;
    const style = getComputedStyle(this.canvas);
    const ink = style.getPropertyValue("--ink");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const radius = Math.min(7, (this.count > 4000 ? 2.4 : this.count > 800 ? 3.2 : 4.5) * Math.sqrt(this.view.scale) ** 0.8);
    if (this.sprites?.radius !== radius) this.sprites = makeSprites(this.palette, radius, ratio, ink);
    const seen = [];
    for (let index = 0; index < this.count; index += 1) {
      const [px, py] = [this.screenX(this.x[index]), this.screenY(this.y[index])];
      if (px > -20 && py > -20 && px < width + 20 && py < height + 20) seen.push(index);
    }
    const close = this.view.scale > 2 && seen.length <= PICTURES;
    const { size, dots, rings } = this.sprites;
    const half = size / 2;
    if (this.focus !== null) {
      context.globalAlpha = 0.12;
      for (const index of seen) if (this.faded(index)) context.drawImage(dots[this.group[index]], this.screenX(this.x[index]) - half, this.screenY(this.y[index]) - half, size, size);
      context.globalAlpha = 1;
    }
    for (const index of seen) {
      if (this.faded(index)) continue;
      if (close && this.drawPicture(index)) continue;
      const sprite = (this.selected.has(index) ? rings : dots)[this.group[index]];
      context.drawImage(sprite, this.screenX(this.x[index]) - half, this.screenY(this.y[index]) - half, size, size);
    }
    if (this.current >= 0) {
      context.beginPath();
      context.arc(this.screenX(this.x[this.current]), this.screenY(this.y[this.current]), radius + 5, 0, 7);
      context.strokeStyle = ink;
      context.lineWidth = 2.5;
      context.stroke();
    }
    if (this.lasso?.length > 1) {
      context.beginPath();
      for (const [px, py] of this.lasso) context.lineTo(px, py);
      context.closePath();
      context.fillStyle = style.getPropertyValue("--accent");
      context.globalAlpha = 0.14;
      context.fill();
      context.globalAlpha = 1;
      context.strokeStyle = style.getPropertyValue("--accent");
      context.lineWidth = 2;
      context.setLineDash([6, 5]);
      context.stroke();
      context.setLineDash([]);
    }
  }

  // Close enough, points become pictures.
  drawPicture(index) {
    let image = this.images.get(index);
    if (!image) {
      image = new Image();
      image.onload = () => this.later();
      image.src = this.picture(index);
      this.images.set(index, image);
      if (this.images.size > 600) this.images.delete(this.images.keys().next().value);
    }
    if (!image.complete || !image.naturalWidth) return false;
    const side = 46;
    const [left, top] = [this.screenX(this.x[index]) - side / 2, this.screenY(this.y[index]) - side / 2];
    const { context } = this;
    context.save();
    context.beginPath();
    context.roundRect(left, top, side, side, 9);
    context.clip();
    context.drawImage(image, left, top, side, side);
    context.restore();
    context.beginPath();
    context.roundRect(left, top, side, side, 9);
    context.lineWidth = this.selected.has(index) ? 5 : 2.5;
    context.strokeStyle = this.selected.has(index) ? getComputedStyle(this.canvas).getPropertyValue("--ink") : this.palette[this.group[index]];
    context.stroke();
    return true;
  }

  // ---- choosing ----
  choose(indices, mode) {
    if (mode === "only") this.selected = new Set(indices);
    else for (const index of indices) mode === "less" ? this.selected.delete(index) : this.selected.add(index);
    this.later();
    this.changed();
  }

  toggle(index) {
    this.choose([index], this.selected.has(index) ? "less" : "more");
  }

  inside(polygon) {
    const found = [];
    const shape = polygon.map(([px, py]) => [this.mapX(px), this.mapY(py)]);
    for (let index = 0; index < this.count; index += 1) {
      if (!this.faded(index) && within(shape, this.x[index], this.y[index])) found.push(index);
    }
    return found;
  }

  // The next point in a direction: near, and not far aside.
  step(dx, dy) {
    if (!this.count) return;
    const from = this.current >= 0 ? this.current : this.nearest(this.width / 2, this.height / 2, 1e4);
    let [best, least] = [from, Infinity];
    const [cx, cy] = [this.screenX(this.x[from]), this.screenY(this.y[from])];
    for (let index = 0; index < this.count && this.current >= 0; index += 1) {
      if (index === from || this.faded(index)) continue;
      const [ax, ay] = [this.screenX(this.x[index]) - cx, this.screenY(this.y[index]) - cy];
      const ahead = ax * dx + ay * dy;
      const aside = Math.abs(ax * dy) + Math.abs(ay * dx);
      if (ahead < 0.5 || aside > ahead * 2) continue;
      const away = ahead + aside * 2;
      if (away < least) [best, least] = [index, away];
    }
    this.point(best);
  }

  point(index) {
    this.current = index;
    if (index >= 0) {
      this.reveal(index);
      this.hover(index, this.screenX(this.x[index]), this.screenY(this.y[index]));
    } else this.hover(-1, 0, 0);
    this.later();
  }

  // The keyboard's lasso: the nearest not yet chosen of the current point's neighbours, ten at a time.
  grow() {
    if (this.current < 0) return;
    const [cx, cy] = [this.x[this.current], this.y[this.current]];
    const rest = [];
    for (let index = 0; index < this.count; index += 1) if (!this.selected.has(index) && !this.faded(index)) rest.push([(this.x[index] - cx) ** 2 + (this.y[index] - cy) ** 2, index]);
    rest.sort((one, other) => one[0] - other[0]);
    this.choose(rest.slice(0, 10).map(([, index]) => index), "more");
  }

  // ---- mouse, touch, keys ----
  listen() {
    const { canvas } = this;
    const fingers = new Map();
    let gesture = null;
    const at = (event) => { const box = canvas.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, at(event));
      if (fingers.size === 2) {
        this.lasso = null;
        gesture = { kind: "pinch" };
        return;
      }
      const move = this.tool === "pan" || event.button !== 0;
      gesture = { kind: move ? "pan" : "lasso", start: at(event), last: at(event), moved: false, mode: event.shiftKey || event.ctrlKey || event.metaKey ? "more" : event.altKey ? "less" : "only", touch: event.pointerType === "touch" };
      if (!move) this.lasso = [at(event)];
    });
    canvas.addEventListener("pointermove", (event) => {
      const here = at(event);
      if (!gesture) {
        const found = this.nearest(...here);
        if (found !== this.current) {
          this.current = found;
          this.hover(found, ...(found < 0 ? [0, 0] : [this.screenX(this.x[found]), this.screenY(this.y[found])]));
          this.later();
        }
        return;
      }
      if (gesture.kind === "pinch") {
        const before = [...fingers.values()];
        fingers.set(event.pointerId, here);
        const after = [...fingers.values()];
        if (after.length < 2) return;
        const middle = (two) => [(two[0][0] + two[1][0]) / 2, (two[0][1] + two[1][1]) / 2];
        const apart = (two) => Math.hypot(two[0][0] - two[1][0], two[0][1] - two[1][1]) || 1;
        this.zoom(apart(after) / apart(before), ...middle(after));
        this.pan(middle(after)[0] - middle(before)[0], middle(after)[1] - middle(before)[1]);
        return;
      }
      if (Math.hypot(here[0] - gesture.start[0], here[1] - gesture.start[1]) > 5) gesture.moved = true;
      if (gesture.kind === "pan") this.pan(here[0] - gesture.last[0], here[1] - gesture.last[1]);
      else this.lasso.push(here);
      gesture.last = here;
      this.later();
    });
    const end = (event, cancelled) => {
      fingers.delete(event.pointerId);
      if (!gesture) return;
      const { kind, moved, mode, touch } = gesture;
      if (kind === "pinch") {
        if (fingers.size === 0) gesture = null;
        return;
      }
      gesture = null;
      const lasso = this.lasso;
      this.lasso = null;
      this.later();
      if (cancelled) return;
      if (kind === "lasso" && moved) this.choose(this.inside(lasso), mode);
      else if (!moved && event.button === 0) this.click(this.nearest(...at(event), touch ? 26 : NEAR), mode, touch);
    };
    canvas.addEventListener("pointerup", (event) => end(event, false));
    canvas.addEventListener("pointercancel", (event) => end(event, true));
    canvas.addEventListener("pointerleave", (event) => { if (!gesture && event.pointerType === "mouse" && document.activeElement !== canvas) this.point(-1); });
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("dblclick", (event) => { const found = this.nearest(...at(event)); if (found >= 0) this.opened(found); });
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)), ...at(event));
    }, { passive: false });
    canvas.addEventListener("keydown", (event) => this.key(event));
  }

  click(index, mode, touch) {
    if (index < 0) {
      if (this.selected.size && mode === "only") this.choose([], "only");
      this.point(-1);
    } else if (mode === "only" && !touch) {
      this.current = index;
      this.choose([index], "only");
    } else {
      this.point(index);
      this.toggle(index);
    }
  }

  key(event) {
    const arrow = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const control = event.ctrlKey || event.metaKey;
    if (arrow && event.shiftKey) this.pan(-arrow[0] * 60, -arrow[1] * 60);
    else if (arrow) this.step(...arrow);
    else if (event.key === "+" || event.key === "=") this.zoom(1.4);
    else if (event.key === "-") this.zoom(1 / 1.4);
    else if (event.key === "0") this.fit();
    else if (event.key === " " && this.current >= 0) this.toggle(this.current);
    else if (event.key === "Enter" && this.current >= 0) this.opened(this.current);
    else if (event.key.toLowerCase() === "n" && !control) this.grow();
    else if (control && event.key.toLowerCase() === "a") this.choose([...Array(this.count).keys()].filter((index) => !this.faded(index)), "only");
    else if (event.key === "Escape" && this.selected.size) this.choose([], "only");
    else return;
    event.preventDefault();
    event.stopPropagation();
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

function makeSprites(palette, radius, ratio, ink) {
  const size = Math.ceil(2 * (radius + 4));
  const make = (colour, ring) => {
    const sprite = document.createElement("canvas");
    sprite.width = sprite.height = Math.ceil(size * ratio);
    const context = sprite.getContext("2d");
    context.scale(ratio, ratio);
    context.beginPath();
    context.arc(size / 2, size / 2, radius + (ring ? 1 : 0), 0, 7);
    context.fillStyle = colour;
    context.globalAlpha = ring ? 1 : 0.82;
    context.fill();
    if (ring) {
      context.strokeStyle = ink;
      context.lineWidth = DOTS;
      context.stroke();
    }
    return sprite;
  };
  return { radius, size, dots: palette.map((colour) => make(colour, false)), rings: palette.map((colour) => make(colour, true)) };
}
