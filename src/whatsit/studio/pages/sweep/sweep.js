// Sweep: many designs measured on this machine, and which of them to take.
import { number, percent } from "../axes.js";
import { t } from "../messages.js";
import { figure } from "../names.js";
import { act, get, post } from "../requests.js";
import { ScatterChart } from "./scatter_chart.js";
import * as socket from "../socket.js";
import "../splits.js";
import { toast } from "../toast.js";
import { bindWork, onWork, setIdle, isRunning } from "../work.js";

const $ = (id) => document.getElementById(id);
const form = $("ask");
const share = percent(1);
const chart = new ScatterChart($("chart"), (at) => highlight(at));
let ready = false;
let pictures = null;
bindWork("sweep");

const ticked = (name) => [...form.querySelectorAll(`[name=${name}]:checked`)].map((box) => box.value);
const asked = () => ({ sizes: ticked("sizes").map(Number), backbones: ticked("backbones"), fits: ticked("fits"), widths: ticked("widths").map(Number) });
let possible = false;
let question = 0;
const allow = () => { $("begin").disabled = !possible || !ready || isRunning(); };
async function count() {
  const turn = ++question; // only the answer to the latest question counts
  const { sizes, backbones, fits, widths } = asked();
  const found = await post("/api/sweep/count", { sizes, backbones, fits, widths });
  if (turn !== question) return;
  possible = found.possible;
  $("count").textContent = t("sweep.count", { n: found.designs, figure: figure.format(found.designs) });
  allow();
}
const recount = () => count().catch((error) => toast(error.message, "bad"));
form.addEventListener("change", recount);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const { sizes, backbones, fits, widths } = asked();
  act("/api/sweep", { sizes, backbones, fits, widths }, { quiet: true });
  if (matchMedia("(max-width: 900px)").matches) $("work").scrollIntoView({ block: "start" });
});

let seen = "";
onWork((now) => {
  allow();
  const stage = `${now.job} ${now.trials} ${now.state}`;
  if (stage !== seen && now.job === "sweep") show();
  seen = stage;
});

async function show() {
  let found;
  try {
    found = await get("/api/sweep", { max_ms: limit("max-ms"), max_mb: limit("max-mb") });
  } catch (error) { return toast(error.message, "bad"); }
  const { recommended } = found;
  const trials = found.trials.map((trial) => ({ ...trial, name: trial.fit ? `${trial.title} ${t(`design.fit.${trial.fit}`)}` : trial.title }));
  for (const id of ["chart-box", "advice", "table-box"]) $(id).hidden = trials.length === 0;
  if (!trials.length) return;
  chart.show(trials.map((trial, at) => ({ x: trial.milliseconds, y: trial.accuracy, name: trial.name, onFront: trial.on_front, recommended: at === recommended, low: trial.interval[0], high: trial.interval[1] })));
  const best = recommended === null ? null : trials[recommended];
  $("recommended").textContent = best === null ? t("sweep.nothing") : t("sweep.recommended", { name: best.name, accuracy: share(best.accuracy), ms: number(1)(best.milliseconds), mb: number(1)(best.size_bytes / 1e6) });
  notes(best, found.not_told_apart.map((at) => trials[at].name));
  $("use").hidden = best === null;
  if (best) $("use").href = address(best);
  table(trials, recommended);
}

function notes(best, unsure) {
  const lines = [];
  if (best?.cross_validated) lines.push(t("sweep.cross_validated", { n: best.pictures, figure: figure.format(best.pictures) }));
  if (unsure.length) lines.push(t("sweep.unsure", { names: unsure.join(t("list.comma")) }));
  $("recommended-notes").replaceChildren(...lines.map((text) => Object.assign(document.createElement("p"), { className: "hint", textContent: text })));
}

const limit = (id) => ($(id).value && $(id).validity.valid ? $(id).value : "");
// The Train page with this design; a setting that is null there is empty in the address.
const address = ({ design }) => `/train?${new URLSearchParams(Object.entries(design).map(([name, value]) => [name, value ?? ""]))}`;

function table(trials, recommended) {
  const head = document.createElement("tr");
  for (const key of ["design", "accuracy", "balanced", "ms", "p95", "mb", "macs", ""]) {
    const cell = document.createElement(key ? "th" : "td");
    if (key) Object.assign(cell, { scope: "col", textContent: t(`sweep.${key}`) });
    head.append(cell);
  }
  const order = trials.map((trial, at) => ({ ...trial, at })).sort((one, other) => one.milliseconds - other.milliseconds);
  $("table").replaceChildren(head, ...order.map((trial) => {
    const line = document.createElement("tr");
    line.dataset.at = trial.at;
    line.classList.toggle("on-front", trial.on_front);
    const name = document.createElement("th");
    name.scope = "row";
    name.append(trial.name);
    if (trial.on_front) name.append(badge(trial.at === recommended ? "sweep.recommended_badge" : "sweep.front_badge"));
    const values = [share(trial.accuracy), share(trial.balanced_accuracy), number(2)(trial.milliseconds), number(2)(trial.milliseconds_p95), number(1)(trial.size_bytes / 1e6), number(0)(trial.multiply_adds / 1e6)];
    const last = document.createElement("td");
    const use = Object.assign(document.createElement("a"), { href: address(trial), textContent: t("sweep.take"), className: "quiet" });
    use.setAttribute("aria-label", t("sweep.take_name", { name: trial.name }));
    last.append(use);
    const cells = values.map((text) => Object.assign(document.createElement("td"), { textContent: text }));
    cells[0].append(interval(trial.interval));
    line.append(name, ...cells, last);
    return line;
  }));
}

const interval = (ends) => Object.assign(document.createElement("small"), { className: "interval-text", title: t("sweep.interval"), textContent: ends.map((end) => number(1)(100 * end)).join("–") });
const badge = (key) => Object.assign(document.createElement("span"), { className: "badge", textContent: t(key) });

function highlight(at) {
  for (const line of $("table").rows) line.classList.toggle("chosen", line.dataset.at === String(at));
  $("table").querySelector(".chosen")?.scrollIntoView({ block: "nearest", behavior: "smooth" });
}

for (const id of ["max-ms", "max-mb"]) $(id).addEventListener("input", show);

async function load() {
  const state = await get("/api/train");
  pictures = state.pictures;
  if (!ticked("fits").length) form.querySelector(`[name=fits][value="${CSS.escape(state.design.fit ?? "cover")}"]`).checked = true;
  ready = pictures.labels >= 2 && pictures.validation > 0;
  setIdle(t(ready ? "sweep.ready" : "sweep.not_ready"), ready ? t("sweep.ready_text", { training: figure.format(pictures.training), validation: figure.format(pictures.validation) }) : t("sweep.not_ready_text"));
  await count();
}
socket.on("dataset", () => load().catch(() => {}));
load().catch((error) => toast(error.message, "bad"));
show();
socket.connect();
