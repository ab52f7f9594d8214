// Sweep: many designs measured on this machine, and which of them to take.
import { number, percent } from "../axes.js";
import { t } from "../messages.js";
import { figure } from "../names.js";
import { act, get } from "../requests.js";
import { ScatterChart } from "./scatter_chart.js";
import * as socket from "../socket.js";
import { toast } from "../toast.js";
import { bindWork, onWork, setIdle, under_way } from "../work.js";

const $ = (id) => document.getElementById(id);
const form = $("ask");
const share = percent(1);
const chart = new ScatterChart($("chart"), (at) => highlight(at));
let ready = false;
let pictures = null;
bindWork("sweep");

const ticked = (name) => [...form.querySelectorAll(`[name=${name}]:checked`)].map((box) => box.value);
function count() {
  const own = form.querySelectorAll("[name=backbones][data-file]:checked").length; // at one size each
  const n = (ticked("sizes").length * (ticked("backbones").length - own) + own) * ticked("fits").length;
  $("count").textContent = t("sweep.count", { n, figure: figure.format(n) });
  $("begin").disabled = n === 0 || !ready || under_way();
}
form.addEventListener("change", count);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  act("/api/sweep", { sizes: ticked("sizes").map(Number), backbones: ticked("backbones"), fits: ticked("fits") }, { quiet: true });
  if (matchMedia("(max-width: 900px)").matches) $("work").scrollIntoView({ block: "start" });
});

let seen = "";
onWork((now) => {
  count();
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
  const trials = found.trials.map((trial) => ({ ...trial, name: inWords(trial) }));
  for (const id of ["chart-box", "advice", "table-box"]) $(id).hidden = trials.length === 0;
  if (!trials.length) return;
  chart.show(trials.map((trial, at) => ({ x: trial.milliseconds, y: trial.accuracy, name: trial.name, efficient: trial.efficient, recommended: at === recommended, low: trial.interval[0], high: trial.interval[1] })));
  const best = recommended === null ? null : trials[recommended];
  $("recommended").textContent = best === null ? t("sweep.nothing") : t("sweep.recommended", { name: best.name, accuracy: share(best.accuracy), ms: number(1)(best.milliseconds), mb: number(1)(best.size_bytes / 1e6) });
  $("use").hidden = best === null;
  if (best) $("use").href = address(best);
  table(trials, recommended);
}

// The fit, which is a word, in the language of the page.
function inWords({ name, fit }) {
  return name.endsWith(` ${fit}`) ? `${name.slice(0, -fit.length)}${t(`fit.${fit}`)}` : name;
}
const limit = (id) => ($(id).value && $(id).validity.valid ? $(id).value : "");
const address = (trial) => `/train?${new URLSearchParams({ backbone: trial.backbone, size: trial.size, fit: trial.fit, ...(trial.blocks ? { blocks: trial.blocks } : {}) })}`;

function table(trials, recommended) {
  const head = document.createElement("tr");
  for (const key of ["design", "accuracy", "ms", "p95", "mb", "macs", ""]) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = key && t(`sweep.${key}`);
    head.append(cell);
  }
  const order = trials.map((trial, at) => ({ ...trial, at })).sort((one, other) => one.milliseconds - other.milliseconds);
  $("table").replaceChildren(head, ...order.map((trial) => {
    const line = document.createElement("tr");
    line.dataset.at = trial.at;
    line.classList.toggle("efficient", trial.efficient);
    const name = document.createElement("th");
    name.scope = "row";
    name.append(trial.name);
    if (trial.efficient) name.append(badge(trial.at === recommended ? "sweep.recommended_badge" : "sweep.efficient_badge"));
    const values = [share(trial.accuracy), number(2)(trial.milliseconds), number(2)(trial.milliseconds_p95), number(1)(trial.size_bytes / 1e6), number(0)(trial.multiply_adds / 1e6)];
    const last = document.createElement("td");
    const use = Object.assign(document.createElement("a"), { href: address(trial), textContent: t("sweep.take"), className: "quiet" });
    use.setAttribute("aria-label", t("sweep.take_name", { name: trial.name }));
    last.append(use);
    line.append(name, ...values.map((text) => Object.assign(document.createElement("td"), { textContent: text })), last);
    return line;
  }));
}

const badge = (key) => Object.assign(document.createElement("span"), { className: "badge", textContent: t(key) });

function highlight(at) {
  for (const line of $("table").rows) line.classList.toggle("chosen", line.dataset.at === String(at));
  $("table").querySelector(".chosen")?.scrollIntoView({ block: "nearest", behavior: "smooth" });
}

for (const id of ["max-ms", "max-mb"]) $(id).addEventListener("input", show);

async function load() {
  const state = await get("/api/train");
  pictures = state.pictures;
  const { fit } = { ...state.defaults, ...state.design };
  if (!ticked("fits").length) form.querySelector(`[name=fits][value="${CSS.escape(fit)}"]`).checked = true;
  ready = pictures.labels >= 2 && pictures.validation > 0;
  setIdle(t(ready ? "sweep.ready" : "sweep.not_ready"), ready ? t("sweep.ready_text", { training: figure.format(pictures.training), validation: figure.format(pictures.validation) }) : t("sweep.not_ready_text"));
  count();
}
socket.on("dataset", () => load().catch(() => {}));
load().catch((error) => toast(error.message, "bad"));
show();
socket.connect();
