// A wall of any number of pictures: only the tiles near the window exist, only their rows and files are fetched.
import { listen } from "./gallery_input.js";
import { fillTile, makeTile, removeTile } from "./tile.js";

const CHUNK = 200;
const CAPTION = 26;

export class Gallery {
  // `page(offset, limit)` gives {total, pictures}; `keys()` gives all keys in order; `open(index)` shows one large;
  // `changed()` is called after every change of the selection.
  constructor(element, { page, keys, open, changed }) {
    Object.assign(this, { element, page, keys, open, changed });
    this.selected = new Set();
    this.active = 0;
    this.anchor = 0;
    this.total = 0;
    this.tiles = new Map();
    this.chunks = new Map();
    this.generation = 0;
    this.wall = 0;
    this.slow = 0;
    this.lastTop = window.scrollY;
    addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(element);
    listen(this);
  }

  // ---- what is shown ----
  async show() {
    this.wall += 1;
    this.selected.clear();
    this.active = this.anchor = 0;
    this.changed();
    window.scrollTo(0, 0);
    await this.reload();
  }

  // The same wall after an edit: the rows in sight are fetched before anything is redrawn.
  async reload() {
    const generation = ++this.generation;
    this.allKeys = null;
    const wanted = new Set([0]);
    const [first, last] = this.inSight();
    for (let at = first; at < last; at += 1) wanted.add(Math.floor(at / CHUNK));
    const pages = await Promise.all([...wanted].map(async (chunk) => [chunk, await this.page(chunk * CHUNK, CHUNK)]));
    // What is selected but no longer on the wall would be edited unseen. Nothing is awaited after this.
    const there = this.selected.size ? await this.keys() : null;
    if (generation !== this.generation) return;
    this.allKeys = there;
    const [active, anchor] = [this.active, this.anchor].map((index) => [there?.indexOf(this.row(index)?.key) ?? -1, index]);
    this.chunks = new Map(pages.map(([chunk, found]) => [chunk, found.pictures]));
    this.total = pages[0][1].total;
    const follow = ([now, before]) => (now < 0 ? Math.max(0, Math.min(before, this.total - 1)) : now);
    [this.active, this.anchor] = [follow(active), follow(anchor)];
    this.draw();
    if (there) this.keep(new Set(there));
  }

  row(index) {
    return this.chunks.get(Math.floor(index / CHUNK))?.[index % CHUNK];
  }

  async fetchRow(index) {
    await this.fetchChunk(Math.floor(index / CHUNK));
    return this.row(index);
  }

  async fetchChunk(chunk) {
    if (this.chunks.has(chunk)) return;
    const generation = this.generation;
    this.chunks.set(chunk, []);
    try {
      const found = await this.page(chunk * CHUNK, CHUNK);
      if (generation !== this.generation) return;
      this.chunks.set(chunk, found.pictures);
      this.draw();
    } catch {
      this.chunks.delete(chunk);
    }
  }

  measure() {
    const width = this.element.clientWidth;
    const gap = width < 560 ? 6 : 10;
    const columns = Math.max(3, Math.floor((width + gap) / ((width < 560 ? 108 : 132) + gap)));
    const side = (width - gap * (columns - 1)) / columns;
    return { columns, side, gap, line: side + CAPTION + gap };
  }

  inSight() {
    const { columns, line } = this.measure();
    const top = -this.element.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor((top - innerHeight * 0.4) / line)) * columns;
    const last = Math.max(0, Math.ceil((top + innerHeight * 1.4) / line)) * columns;
    return [first, Math.min(last, this.total)];
  }

  draw() {
    const { columns, side, gap, line } = this.measure();
    this.element.style.height = `${Math.ceil(this.total / columns) * line}px`;
    const [first, last] = this.inSight();
    // While the scroll bar is dragged over thousands of pictures, nothing is fetched until it rests.
    const hurry = Math.abs(window.scrollY - this.lastTop) > innerHeight * 0.8;
    this.lastTop = window.scrollY;
    clearTimeout(this.slow);
    if (hurry) this.slow = setTimeout(() => this.draw(), 90);
    for (const [index, tile] of this.tiles) {
      if (index >= first && index < last) continue;
      removeTile(tile);
      this.tiles.delete(index);
    }
    for (let index = first; index < last; index += 1) {
      let tile = this.tiles.get(index);
      if (!tile) {
        tile = makeTile(index);
        this.tiles.set(index, tile);
        this.element.append(tile);
      }
      tile.style.width = `${side}px`;
      tile.style.transform = `translate(${(index % columns) * (side + gap)}px, ${Math.floor(index / columns) * line}px)`;
      tile.setAttribute("aria-setsize", String(this.total));
      fillTile(tile, this.row(index), hurry);
      if (!hurry && !this.row(index)) this.fetchChunk(Math.floor(index / CHUNK));
    }
    this.mark();
  }

  mark() {
    for (const [index, tile] of this.tiles) {
      const chosen = this.selected.has(this.row(index)?.key);
      tile.setAttribute("aria-selected", String(chosen));
      tile.classList.toggle("active", index === this.active);
    }
    this.element.classList.toggle("choosing", this.selected.size > 0);
    if (this.tiles.has(this.active)) this.element.setAttribute("aria-activedescendant", `tile-${this.active}`);
    else this.element.removeAttribute("aria-activedescendant");
  }

  // ---- the selection ----
  clear() {
    this.selected.clear();
    this.tell();
  }

  drop(keys) {
    for (const key of keys) this.selected.delete(key);
    this.tell();
  }

  keep(keys) {
    this.drop([...this.selected].filter((key) => !keys.has(key)));
  }

  tell() {
    this.mark();
    this.changed();
  }

  toggle(index) {
    const key = this.row(index)?.key;
    if (!key) return;
    if (!this.selected.delete(key)) this.selected.add(key);
    this.active = this.anchor = index;
    this.tell();
  }

  only(index) {
    const key = this.row(index)?.key;
    if (!key) return;
    this.selected.clear();
    this.selected.add(key);
    this.active = this.anchor = index;
    this.tell();
  }

  async range(to, keep = false) {
    const [from, end] = [Math.min(this.anchor, to), Math.max(this.anchor, to)];
    let keys = [];
    for (let index = from; index <= end; index += 1) keys.push(this.row(index)?.key);
    if (keys.includes(undefined)) {
      const all = await this.currentKeys();
      if (!all) return;
      keys = all.slice(from, end + 1);
    }
    if (!keep) this.selected.clear();
    for (const key of keys) this.selected.add(key);
    this.active = to;
    this.tell();
  }

  async all() {
    const keys = await this.currentKeys();
    if (!keys) return;
    this.selected = new Set(keys);
    this.tell();
  }

  // Asked again if the wall was reloaded meanwhile; null if it shows something else by now.
  async currentKeys() {
    const { wall } = this;
    while (!this.allKeys) {
      const { generation } = this;
      const keys = await this.keys();
      if (wall !== this.wall) return null;
      if (generation === this.generation) this.allKeys = keys;
    }
    return this.allKeys;
  }

  // ---- the current picture ----
  step(by, extend) {
    this.active = Math.max(0, Math.min(this.total - 1, this.active + by));
    this.reveal(this.active);
    if (extend) this.range(this.active);
    else this.anchor = this.active;
    this.draw();
  }

  reveal(index) {
    const { columns, line } = this.measure();
    const top = this.element.getBoundingClientRect().top + Math.floor(index / columns) * line;
    const [above, below] = [70, 96];
    if (top < above) window.scrollBy(0, top - above);
    else if (top + line > innerHeight - below) window.scrollBy(0, top + line - innerHeight + below);
  }
}
