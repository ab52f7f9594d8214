// Why an answer was given: what the network saw and where it looked, then the nearest taught pictures.
import { t } from "./messages.js";
import { isClass, labelName, STRANGERS, tileAddress } from "./names.js";
import { act, get, post } from "./requests.js";
import * as socket from "./socket.js";
import { toast } from "./toast.js";

const $ = (id) => document.getElementById(id);
const dialog = $("why-dialog");
const percent = (share) => `${(share * 100).toFixed(share < 0.995 ? 1 : 0)} %`;
const AGAIN = 700; // milliseconds between looks at how far the comparison is
let open = null;
let labels = [];
let mended = () => {};

// `picture` is a picture's content, `frame` when a frame of the camera was taken, `held` the id of a held picture.
export async function openWhy(model, { picture = null, frame = null, held = null }) {
  let found;
  try {
    found = await post("/api/why", { model, picture, frame, held });
  } catch (error) {
    return toast(error.message, "bad");
  }
  open = found;
  $("why-title").textContent = t(found.label === null || found.label === found.best ? "why.title" : "why.title_wrong", { label: labelName(found.best), score: percent(found.score), truth: found.label === null ? "" : labelName(found.label) });
  $("why-seen").src = found.seen;
  $("why-looked").src = found.looked;
  rule(found);
  lookalike(found.corrected);
  $("why-empty").hidden = found.clear;
  $("why-near").replaceChildren();
  listLabels(found);
  if (!dialog.open) dialog.showModal();
  nearest(found);
}

function rule({ unknown_by, distance, threshold, strangeness }) {
  $("why-rule").hidden = !unknown_by;
  if (!unknown_by) return;
  const said = t(`why.rule.${unknown_by}`);
  const text = said.startsWith("why.rule.") ? unknown_by : said;
  const held = unknown_by === "distance" && threshold !== null && distance !== null;
  const measured = held ? t("why.held", { distance: distance.toFixed(2), threshold: threshold.toFixed(2) })
    : strangeness === null ? "" : t("why.strangeness", { strangeness: strangeness.toFixed(2) });
  $("why-rule").textContent = [t("why.unknown", { rule: text }), measured].join(" ").trim();
}

function lookalike(corrected) {
  $("why-corrected").hidden = corrected === null;
  if (corrected === null) return;
  const { label } = corrected;
  const before = { model: labelName(corrected.model), score: percent(corrected.score) };
  const said = label === null ? t("why.corrected_none") : t("why.corrected", { label: labelName(label) });
  $("why-corrected-text").textContent = [said, t(corrected.unknown ? "why.without_unknown" : "why.without", before)].join(" ");
  const there = corrected.id !== null;
  $("why-corrected-picture").hidden = !there;
  if (there) $("why-corrected-image").src = tileAddress(corrected.id);
  $("why-corrected-image").alt = label === null ? "" : labelName(label);
  $("why-corrected-away").textContent = t("answer.distance", { distance: corrected.distance.toFixed(2) });
}

async function nearest(asked) {
  if (open !== asked || !dialog.open) return;
  let found;
  try {
    found = await get("/api/why/nearest", { id: asked.id });
  } catch (error) {
    return toast(error.message, "bad");
  }
  if (open !== asked || !dialog.open) return;
  if (found.preparing) {
    const { done, total } = found.preparing;
    $("why-near").textContent = total ? t("why.preparing", { done, total }) : t("why.preparing_first");
    setTimeout(() => nearest(asked), AGAIN);
    return;
  }
  $("why-near").replaceChildren(...found.classes.filter((one) => one.nearest.length).map(({ label, score, nearest }) => {
    const section = document.createElement("section");
    const pictures = Object.assign(document.createElement("div"), { className: "near" });
    pictures.append(...nearest.map(({ id, distance }) => {
      const figure = document.createElement("figure");
      const away = t("answer.distance", { distance: distance.toFixed(2) });
      figure.append(Object.assign(document.createElement("img"), { src: tileAddress(id), alt: labelName(label), width: 112, height: 112 }), Object.assign(document.createElement("figcaption"), { textContent: away }));
      return figure;
    }));
    section.append(Object.assign(document.createElement("h3"), { textContent: t("why.nearest", { label: labelName(label), score: percent(score) }) }), pictures);
    return section;
  }));
  if (!$("why-near").childElementCount) $("why-near").textContent = t("why.none");
}

dialog.addEventListener("close", () => { open = null; });

// ---- mending a picture of the dataset ----

// `done(key)` is called after the picture was relabelled or deleted.
export function bindMend(done) {
  mended = done;
  $("why-relabel").addEventListener("click", () => mend(act("/api/dataset/relabel", { keys: [open.picture], label: $("why-label").value })));
  $("why-remove").addEventListener("click", () => mend(act("/api/dataset/delete", { keys: [open.picture] })));
  socket.on("dataset", (message) => { labels = message.labels.map((one) => one.label); });
}

async function mend(answer) {
  const { picture } = open;
  if (!(await answer)) return;
  dialog.close();
  mended(picture);
}

function listLabels({ best, label }) {
  if (!$("why-label")) return;
  const known = [...labels.filter(isClass), STRANGERS].filter((one) => one !== label);
  $("why-label").replaceChildren(...known.map((one) => new Option(labelName(one), one, false, one === best)));
  $("why-relabel").disabled = known.length === 0;
}
