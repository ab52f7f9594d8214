// Mouse, touch and keys on a scatter: lasso, pan, pinch, click, and the way from point to point.
const TOUCH_REACH = 26;

export function listen(scatter) {
  const { canvas, viewport } = scatter;
  const fingers = new Map();
  let gesture = null;
  const at = (event) => { const box = canvas.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, at(event));
    if (fingers.size === 2) {
      scatter.lasso = null;
      gesture = { kind: "pinch" };
      return;
    }
    const move = scatter.tool === "pan" || event.button !== 0;
    gesture = { kind: move ? "pan" : "lasso", start: at(event), last: at(event), moved: false, mode: modeOf(event), touch: event.pointerType === "touch" };
    if (!move) scatter.lasso = [at(event)];
  });

  canvas.addEventListener("pointermove", (event) => {
    const here = at(event);
    if (!gesture) return scatter.hoverAt(...here);
    if (gesture.kind === "pinch") {
      const before = [...fingers.values()];
      fingers.set(event.pointerId, here);
      pinch(viewport, before, [...fingers.values()]);
      return undefined;
    }
    if (Math.hypot(here[0] - gesture.start[0], here[1] - gesture.start[1]) > 5) gesture.moved = true;
    if (gesture.kind === "pan") viewport.pan(here[0] - gesture.last[0], here[1] - gesture.last[1]);
    else scatter.lasso.push(here);
    gesture.last = here;
    scatter.later();
    return undefined;
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
    const { lasso } = scatter;
    scatter.lasso = null;
    scatter.later();
    if (cancelled) return;
    if (kind === "lasso" && moved) scatter.choose(scatter.inside(lasso), mode);
    else if (!moved && event.button === 0) click(scatter, scatter.nearest(...at(event), touch ? TOUCH_REACH : undefined), mode, touch);
  };
  canvas.addEventListener("pointerup", (event) => end(event, false));
  canvas.addEventListener("pointercancel", (event) => end(event, true));
  canvas.addEventListener("pointerleave", (event) => { if (!gesture && event.pointerType === "mouse" && document.activeElement !== canvas) scatter.point(-1); });
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("dblclick", (event) => { const found = scatter.nearest(...at(event)); if (found >= 0) scatter.opened(found); });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    viewport.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)), ...at(event));
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => key(scatter, event));
}

function modeOf(event) {
  if (event.shiftKey || event.ctrlKey || event.metaKey) return "more";
  return event.altKey ? "less" : "only";
}

function pinch(viewport, before, after) {
  if (after.length < 2) return;
  const middle = (two) => [(two[0][0] + two[1][0]) / 2, (two[0][1] + two[1][1]) / 2];
  const apart = (two) => Math.hypot(two[0][0] - two[1][0], two[0][1] - two[1][1]) || 1;
  viewport.zoom(apart(after) / apart(before), ...middle(after));
  viewport.pan(middle(after)[0] - middle(before)[0], middle(after)[1] - middle(before)[1]);
}

function click(scatter, index, mode, touch) {
  if (index < 0) {
    if (scatter.selected.size && mode === "only") scatter.choose([], "only");
    scatter.point(-1);
  } else if (mode === "only" && !touch) {
    scatter.current = index;
    scatter.choose([index], "only");
  } else {
    scatter.point(index);
    scatter.toggle(index);
  }
}

function key(scatter, event) {
  const arrow = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  const control = event.ctrlKey || event.metaKey;
  if (arrow && event.shiftKey) scatter.viewport.pan(-arrow[0] * 60, -arrow[1] * 60);
  else if (arrow) scatter.step(...arrow);
  else if (event.key === "+" || event.key === "=") scatter.viewport.zoom(1.4);
  else if (event.key === "-") scatter.viewport.zoom(1 / 1.4);
  else if (event.key === "0") scatter.viewport.fit();
  else if (event.key === " " && scatter.current >= 0) scatter.toggle(scatter.current);
  else if (event.key === "Enter" && scatter.current >= 0) scatter.opened(scatter.current);
  else if (event.key.toLowerCase() === "n" && !control) scatter.grow();
  else if (control && event.key.toLowerCase() === "a") scatter.choose([...Array(scatter.count).keys()].filter((index) => !scatter.faded(index)), "only");
  else if (event.key === "Escape" && scatter.selected.size) scatter.choose([], "only");
  else return;
  event.preventDefault();
  event.stopPropagation();
}
