// Which part of the map a canvas shows: places on the map are 0..1, places on the screen are CSS pixels.
const PAD = 30;
const TOOLS = 78; // room on the right for the tools
const CLOSEST = 60;

export class Viewport {
  // `changed()` is called after every change.
  constructor(canvas, changed) {
    Object.assign(this, { canvas, changed, scale: 1, x: 0, y: 0 });
  }

  get width() { return this.canvas.clientWidth; }
  get height() { return this.canvas.clientHeight; }
  screenX(x) { return (PAD + x * (this.width - PAD - TOOLS)) * this.scale + this.x; }
  screenY(y) { return (PAD + y * (this.height - 2 * PAD)) * this.scale + this.y; }
  mapX(px) { return ((px - this.x) / this.scale - PAD) / (this.width - PAD - TOOLS); }
  mapY(py) { return ((py - this.y) / this.scale - PAD) / (this.height - 2 * PAD); }

  // Zooms so that the point of the map at (px, py) stays where it is.
  zoom(factor, px = this.width / 2, py = this.height / 2) {
    const scale = Math.max(1, Math.min(CLOSEST, this.scale * factor));
    const by = scale / this.scale;
    this.move(scale, px - (px - this.x) * by, py - (py - this.y) * by);
  }

  pan(dx, dy) {
    this.move(this.scale, this.x + dx, this.y + dy);
  }

  fit() {
    this.move(1, 0, 0);
  }

  // Pans to a place on the screen if it is outside or near the edge.
  reveal(px, py) {
    const margin = 40;
    if (px < margin || py < margin || px > this.width - margin || py > this.height - margin) this.pan(this.width / 2 - px, this.height / 2 - py);
  }

  // The map always fills the canvas.
  move(scale, x, y) {
    this.scale = scale;
    this.x = Math.min(0, Math.max(this.width * (1 - scale), x));
    this.y = Math.min(0, Math.max(this.height * (1 - scale), y));
    this.changed();
  }
}
