// Press for one, hold for many: each addition is acknowledged before the next one starts.
import { act } from "./requests.js";

const PAUSE = 220; // long enough for the next picture to differ a little
let holding = null;

// `add(burst)` makes one addition and says whether to go on.
export async function hold(element, add) {
  if (holding) return;
  const mine = { burst: crypto.randomUUID?.() ?? String(Math.random()) };
  holding = mine;
  element?.classList.add("holding");
  let first = true;
  while (holding === mine || first) {
    const begun = performance.now();
    const wentWell = await add(mine.burst);
    if (!wentWell) break;
    const rest = (first ? 320 : PAUSE) - (performance.now() - begun);
    first = false;
    if (rest > 0) await new Promise((done) => setTimeout(done, rest));
  }
  element?.classList.remove("holding");
  if (holding === mine) holding = null;
}

export function release() {
  holding = null;
}

export function holdable(button, add) {
  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    button.setPointerCapture(event.pointerId);
    hold(button, add);
  });
  for (const kind of ["pointerup", "pointercancel", "lostpointercapture"]) button.addEventListener(kind, release);
  // A click without a pointer comes from the keyboard or a screen reader: one addition.
  button.addEventListener("click", (event) => {
    if (event.detail === 0) { hold(button, add); release(); }
  });
  button.addEventListener("contextmenu", (event) => event.preventDefault());
}
window.addEventListener("blur", release);

export const addSample = (classId) => (burst) => act("/api/lesson/sample", { class_id: classId, burst }, { quiet: true });
