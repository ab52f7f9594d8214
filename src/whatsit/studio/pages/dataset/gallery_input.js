// Mouse, touch and keys on the wall of pictures.
const LONG_PRESS = 420;

export function listen(gallery) {
  const { element } = gallery;
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
      gallery.toggle(Number(tile.dataset.index));
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
    if (event.shiftKey) gallery.range(index, event.ctrlKey || event.metaKey);
    else if (event.ctrlKey || event.metaKey || event.target.closest(".tick")) gallery.toggle(index);
    else if (kind !== "touch") gallery.only(index);
    else if (gallery.selected.size) gallery.toggle(index);
    else gallery.open(index);
  });
  element.addEventListener("dblclick", (event) => {
    const tile = event.target.closest(".tile");
    if (tile && !event.target.closest(".tick")) gallery.open(Number(tile.dataset.index));
  });
  element.addEventListener("focus", () => gallery.mark());
  element.addEventListener("keydown", (event) => key(gallery, event));
}

function key(gallery, event) {
  const { columns, line } = gallery.measure();
  const screen = Math.max(1, Math.floor(innerHeight / line) - 1) * columns;
  const steps = {
    ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns, PageDown: screen, PageUp: -screen,
    Home: -gallery.total, End: gallery.total,
  };
  const control = event.ctrlKey || event.metaKey;
  if (event.key in steps && gallery.total) gallery.step(steps[event.key], event.shiftKey);
  else if (event.key === " ") {
    if (event.shiftKey) gallery.range(gallery.active);
    else gallery.toggle(gallery.active);
  } else if (event.key === "Enter") gallery.open(gallery.active);
  else if (event.key === "Escape" && gallery.selected.size) gallery.clear();
  else if (control && event.key.toLowerCase() === "a") gallery.all();
  else return;
  event.preventDefault();
  event.stopPropagation();
}
