// Draws a scatter on its canvas: a sprite per group, a picture per point where few are in sight, the lasso.
const MOST_PICTURES = 140;
const CACHED_PICTURES = 600;
const RING = 2;
const PICTURE = 46;

export class Painter {
  // `picture(index)` is the address of a point's picture; `loaded()` is called when one has arrived.
  constructor(canvas, picture, loaded) {
    Object.assign(this, { canvas, picture, loaded });
    this.context = canvas.getContext("2d");
    this.images = new Map();
    this.sprites = null;
    this.ratio = 1;
  }

  // Fits the canvas to its place on the page.
  resize() {
    this.ratio = Math.min(2, devicePixelRatio || 1);
    this.canvas.width = Math.round(this.canvas.clientWidth * this.ratio);
    this.canvas.height = Math.round(this.canvas.clientHeight * this.ratio);
    this.sprites = null;
  }

  draw(scatter) {
    const { context, ratio } = this;
    const { viewport } = scatter;
    const { width, height } = viewport;
    if (!width || !height) return;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const style = getComputedStyle(this.canvas);
    this.ink = style.getPropertyValue("--ink");
    const accent = style.getPropertyValue("--accent");
    const radius = Math.min(7, (scatter.count > 4000 ? 2.4 : scatter.count > 800 ? 3.2 : 4.5) * viewport.scale ** 0.4);
    if (this.sprites?.radius !== radius) this.sprites = makeSprites(scatter.palette, radius, ratio, this.ink);
    const seen = this.inSight(scatter);
    this.drawFaded(scatter, seen);
    const close = viewport.scale > 2 && seen.length <= MOST_PICTURES;
    for (const index of seen) {
      if (scatter.faded(index) || (close && this.drawPicture(scatter, index))) continue;
      this.drawDot(scatter, index, scatter.selected.has(index) ? this.sprites.rings : this.sprites.dots);
    }
    if (scatter.current >= 0) this.drawCurrent(...scatter.place(scatter.current), radius);
    if (scatter.lasso?.length > 1) this.drawLasso(scatter.lasso, accent);
  }

  inSight(scatter) {
    const { viewport } = scatter;
    const { width, height } = viewport;
    const seen = [];
    for (let index = 0; index < scatter.count; index += 1) {
      const px = viewport.screenX(scatter.x[index]);
      const py = viewport.screenY(scatter.y[index]);
      if (px > -20 && py > -20 && px < width + 20 && py < height + 20) seen.push(index);
    }
    return seen;
  }

  drawFaded(scatter, seen) {
    if (scatter.focus === null) return;
    this.context.globalAlpha = 0.12;
    for (const index of seen) if (scatter.faded(index)) this.drawDot(scatter, index, this.sprites.dots);
    this.context.globalAlpha = 1;
  }

  drawDot(scatter, index, sprites) {
    const { size } = this.sprites;
    const { viewport } = scatter;
    this.context.drawImage(sprites[scatter.group[index]], viewport.screenX(scatter.x[index]) - size / 2, viewport.screenY(scatter.y[index]) - size / 2, size, size);
  }

  // Whether the picture was there to be drawn; else it is on its way.
  drawPicture(scatter, index) {
    const image = this.image(index);
    if (!image.complete || !image.naturalWidth) return false;
    const { context } = this;
    const [left, top] = scatter.place(index).map((at) => at - PICTURE / 2);
    const chosen = scatter.selected.has(index);
    context.save();
    context.beginPath();
    context.roundRect(left, top, PICTURE, PICTURE, 9);
    context.clip();
    context.drawImage(image, left, top, PICTURE, PICTURE);
    context.restore();
    context.beginPath();
    context.roundRect(left, top, PICTURE, PICTURE, 9);
    context.lineWidth = chosen ? 5 : 2.5;
    context.strokeStyle = chosen ? this.ink : scatter.palette[scatter.group[index]];
    context.stroke();
    return true;
  }

  image(index) {
    let image = this.images.get(index);
    if (!image) {
      image = new Image();
      image.onload = this.loaded;
      image.src = this.picture(index);
      this.images.set(index, image);
      if (this.images.size > CACHED_PICTURES) this.images.delete(this.images.keys().next().value);
    }
    return image;
  }

  drawCurrent(px, py, radius) {
    const { context } = this;
    context.beginPath();
    context.arc(px, py, radius + 5, 0, 7);
    context.strokeStyle = this.ink;
    context.lineWidth = 2.5;
    context.stroke();
  }

  drawLasso(lasso, accent) {
    const { context } = this;
    context.beginPath();
    for (const [px, py] of lasso) context.lineTo(px, py);
    context.closePath();
    context.fillStyle = accent;
    context.globalAlpha = 0.14;
    context.fill();
    context.globalAlpha = 1;
    context.strokeStyle = accent;
    context.lineWidth = 2;
    context.setLineDash([6, 5]);
    context.stroke();
    context.setLineDash([]);
  }
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
      context.lineWidth = RING;
      context.stroke();
    }
    return sprite;
  };
  return { radius, size, dots: palette.map((colour) => make(colour, false)), rings: palette.map((colour) => make(colour, true)) };
}
