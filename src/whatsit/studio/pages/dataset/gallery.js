// A wall of any number of pictures: only the tiles near the window exist, only their rows and files are fetched.
import { labelName, splitName, tileAddress } from "../names.js";
import { t } from "../messages.js";

const CHUNK = 200;
const CAPTION = 26;
const LONG_PRESS = 420;

export class Gallery {
  // `page(offset, limit)` gives {total, pictures}; `keys()` all keys in order; `open(index)` shows one large;
  // `changed()` hears of every change of the selection.
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
    this.listen();
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

  // The same wall again after an edit: the rows in sight are fetched before anything is redrawn.
  async reload() {
    const generation = ++this.generation;
    this.allKeys = null;
    const wanted = new Set([0]);
    const [first, last] = this.inSight();
    for (let at = first; at < last; at += 1) wanted.add(Math.floor(at / CHUNK));
    const pages = await Promise.all([...wanted].map(async (chunk) => [chunk, await this.page(chunk * CHUNK, CHUNK)]));
    // What is selected but not on the wall any more would be edited unseen. Nothing is awaited after this.
    const there = this.selected.size ? await this.keys() : null;
    if (generation !== this.generation) return;
    this.allKeys = there;
    const [active, anchor] = [this.active, this.anchor].map((index) => [there?.indexOf(this.row(index)?.key) ?? -1, index]);
    this.chunks = new Map(pages.map(([chunk, found]) => [chunk, found.pictures]));
    this.total = pages[0][1].total;
    const follow = ([now, before]) => (now < 0 ? Math.max(0, Math.min(before, this.total - 1)) : now);
    [this.active, this.anchor] = [follow(active), follow(anchor)];
    this.draw(true);
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

  draw(anew = false) {
    const { columns, side, gap, line } = this.measure();
    this.element.style.height = `${Math.ceil(this.total / columns) * line}px`;
    const [first, last] = this.inSight();
    // While the scroll bar is dragged over thousands, nothing is fetched until it rests.
    const hurry = Math.abs(window.scrollY - this.lastTop) > innerHeight * 0.8;
    this.lastTop = window.scrollY;
    clearTimeout(this.slow);
    if (hurry) this.slow = setTimeout(() => this.draw(), 90);
    for (const [index, tile] of this.tiles) {
      if (index >= first && index < last) continue;
      tile.querySelector("img").removeAttribute("src");
      tile.remove();
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
      this.fill(tile, index, this.row(index), hurry, anew);
      if (!hurry && !this.row(index)) this.fetchChunk(Math.floor(index / CHUNK));
    }
    this.mark();
  }

  fill(tile, index, row, hurry) {
    const [image, , caption] = tile.children;
    if (!row) {
      tile.classList.add("coming");
      return;
    }
    tile.classList.remove("coming");
    tile.classList.toggle("broken", row.error !== "");
    if (tile.dataset.key !== row.key) {
      tile.dataset.key = row.key;
      tile.title = row.error;
    }
    if (caption.dataset.label !== row.label) {
      caption.dataset.label = row.label;
      caption.lastElementChild.textContent = labelName(row.label);
    }
    caption.firstElementChild.dataset.split = row.split;
    tile.setAttribute("aria-label", `${labelName(row.label)}, ${splitName(row.split)}, ${row.key.split("/").pop()}`);
    if (hurry || row.error) return;
    const address = tileAddress(row.id);
    if (image.getAttribute("src") !== address) image.src = address;
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

  // Asked for again where the wall was reloaded meanwhile; nothing where it is another one by now.
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

  // ---- mouse, touch, keys ----
  listen() {
    const { element } = this;
    let press = 0;
    let pressed = false;
    let kind = "mouse";
    let start = null;
    const release = () => { clearTimeout(press); press = 0; };
    element.addEventListener("pointerdown", (event) => {
      kind = event.pointerType;
      pressed = false;
      release();
      const tile = event.target.closest(".tile");
      if (!tile || kind !== "touch") return;
      start = [event.clientX, event.clientY];
      press = setTimeout(() => {
        pressed = true;
        navigator.vibrate?.(15);
        this.toggle(Number(tile.dataset.index));
      }, LONG_PRESS);
    });
    element.addEventListener("pointermove", (event) => {
      if (press && Math.hypot(event.clientX - start[0], event.clientY - start[1]) > 10) release();
    });
    for (const end of ["pointerup", "pointercancel"]) element.addEventListener(end, release);
    element.addEventListener("contextmenu", (event) => { if (kind === "touch") event.preventDefault(); });
    element.addEventListener("click", (event) => {
      const tile = event.target.closest(".tile");
      if (!tile || pressed) return;
      const index = Number(tile.dataset.index);
      if (event.shiftKey) this.range(index, event.ctrlKey || event.metaKey);
      else if (event.ctrlKey || event.metaKey || event.target.closest(".tick")) this.toggle(index);
      else if (kind !== "touch") this.only(index);
      else if (this.selected.size) this.toggle(index);
      else this.open(index);
    });
    element.addEventListener("dblclick", (event) => {
      const tile = event.target.closest(".tile");
      if (tile && !event.target.closest(".tick")) this.open(Number(tile.dataset.index));
    });
    element.addEventListener("focus", () => this.mark());
    element.addEventListener("keydown", (event) => this.key(event));
  }

  key(event) {
    const { columns, line } = this.measure();
    const screen = Math.max(1, Math.floor(innerHeight / line) - 1) * columns;
    const steps = {
      ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns, PageDown: screen, PageUp: -screen,
      Home: -this.total, End: this.total,
    };
    const control = event.ctrlKey || event.metaKey;
    if (event.key in steps && this.total) {
      const to = Math.max(0, Math.min(this.total - 1, this.active + steps[event.key]));
      this.active = to;
      this.reveal(to);
      if (event.shiftKey) this.range(to);
      else this.anchor = to;
      this.draw();
    } else if (event.key === " ") {
      if (event.shiftKey) this.range(this.active);
      else this.toggle(this.active);
    } else if (event.key === "Enter") this.open(this.active);
    else if (event.key === "Escape" && this.selected.size) this.clear();
    else if (control && event.key.toLowerCase() === "a") this.all();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  reveal(index) {
    const { columns, line } = this.measure();
    const top = this.element.getBoundingClientRect().top + Math.floor(index / columns) * line;
    const [above, below] = [70, 96];
    if (top < above) window.scrollBy(0, top - above);
    else if (top + line > innerHeight - below) window.scrollBy(0, top + line - innerHeight + below);
  }
}

function makeTile(index) {
  const tile = document.createElement("div");
  tile.className = "tile";
  tile.id = `tile-${index}`;
  tile.dataset.index = String(index);
  tile.setAttribute("role", "option");
  tile.setAttribute("aria-posinset", String(index + 1));
  tile.innerHTML = '<img alt="" draggable="false" decoding="async"><span class="tick" aria-hidden="true"><svg viewBox="0 0 24 24"><path d="M6 12.5l4 4 8-9"/></svg></span><span class="caption"><i class="split"></i><span></span></span>';
  tile.querySelector(".tick").title = t("selection.toggle");
  return tile;
}
