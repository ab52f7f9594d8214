// What to photograph next, asked for again a moment after the pictures changed.
import { t } from "./messages.js";
import { get } from "./requests.js";

const $ = (id) => document.getElementById(id);
const MOMENT = 500; // milliseconds
let waiting = null;

// `of` is what the advice is about: "lesson" or "dataset".
export function askCoach(of) {
  clearTimeout(waiting);
  waiting = setTimeout(() => ask(of), MOMENT);
}

async function ask(of) {
  let found;
  try {
    found = await get("/api/coach", { of });
  } catch {
    return; // advice is not worth a message; the next change asks again
  }
  const { kind, label, other, number, readiness, lacks, preparing } = found;
  if (kind) {
    $("coach").hidden = false;
    $("coach-text").textContent = t(`coach.${kind}${lacks ? ".where" : ""}`, { label, other, n: number, where: lacks ? t(`coach.where.${lacks}`) : "" });
    $("coach-meter").style.setProperty("--part", readiness);
    $("coach-meter").setAttribute("aria-valuenow", Math.round(readiness * 100));
  }
  if (preparing) askCoach(of);
}
