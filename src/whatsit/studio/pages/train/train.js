// Train: a design on the left; what it learns, the runs so far and two of them compared on the right.
import { number, percent } from "../axes.js";
import { fieldOf, fill, read, setSettings, wrong } from "./design_form.js";
import { legend, LineChart } from "../line_chart.js";
import { t } from "../messages.js";
import { figure } from "../names.js";
import { get, post } from "../requests.js";
import "./runs.js";
import * as socket from "../socket.js";
import "../splits.js";
import { toast } from "../toast.js";
import { bindWork, ended, epochs, onWork, setIdle, isRunning, work } from "../work.js";

const $ = (id) => document.getElementById(id);
const charts = { accuracy: new LineChart($("accuracy-chart")), loss: new LineChart($("loss-chart")) };
let named = false;
let ready = false; // until the design that was used last stands in the form
bindWork("train");
legend($("legend"), [["training", t("split.training")], ["validation", t("split.validation")]]);

function show() {
  const rows = epochs();
  $("charts").hidden = rows.length === 0;
  if (!rows.length) return;
  const line = (kind, value) => ({ name: t(`split.${kind}`), kind, points: rows.map((row) => [row.number, value(row)]).filter((point) => point[1] !== null) });
  const x = { format: number(0), title: t("train.epoch"), from: rows[0].number, to: isRunning() ? Math.max(2, work.most_epochs) : undefined };
  const best = rows.findLast((row) => row.best)?.number ?? null;
  charts.accuracy.show([line("training", (row) => row.accuracy), line("validation", (row) => row.validation_accuracy)], { label: t("train.accuracy"), x, marker: best, y: { format: percent(0), exact: percent(1), to: 1 } });
  charts.loss.show([line("training", (row) => row.loss), line("validation", (row) => row.validation_loss)], { label: t("train.loss"), x, marker: best, y: { format: number(2), exact: number(3), from: 0 } });
}

onWork((now, before) => {
  show();
  const running = isRunning();
  $("begin").disabled = running || !ready;
  $("work-next").hidden = running || now.job !== "train" || !["done", "stopped"].includes(now.state) || !epochs().length;
  if (!$("work-next").hidden) next(now.name);
  if (!ended(now, before) || now.job !== "train") return;
  if ($("name").value.trim() === now.name) named = false; // what was typed for the next one stays
  load();
});

function next(name) {
  const rows = epochs();
  const best = rows.findLast((row) => row.best);
  const sentence = document.createElement("p");
  if (best && best.validation_accuracy !== null) sentence.textContent = t("train.best", { accuracy: percent(1)(best.validation_accuracy), epoch: best.number });
  else if (best) sentence.textContent = t("train.best_training", { accuracy: percent(1)(best.accuracy) });
  const links = [["test", t("train.to_test"), "primary"], ["deploy", t("train.to_deploy"), "secondary"]].map(([page, text, kind]) =>
    Object.assign(document.createElement("a"), { href: `/${page}?model=${encodeURIComponent(name)}`, textContent: text, className: `${kind} button` }));
  $("work-next").replaceChildren(sentence, ...links);
}

// What there is to learn from, and the design that was used last.
let first = true;
let settings = [];
let presets = [];
async function load() {
  const state = await get("/api/train");
  setSettings(state.settings);
  settings = state.settings;
  presets = state.presets;
  if (first) fill({ ...state.design, ...fromAddress() });
  first = false;
  const { training, validation, test, labels } = state.pictures;
  ready = labels >= 2;
  $("begin").disabled = isRunning() || !ready;
  if (ready) {
    setIdle(t("train.ready"), t("train.pictures", { classes: t("count.classes", { n: labels }), training: figure.format(training), validation: figure.format(validation), test: figure.format(test) }));
  } else {
    setIdle(t("train.too_few"), t("train.too_few_text"));
    $("work-next").hidden = false;
    $("work-next").replaceChildren(Object.assign(document.createElement("a"), { href: "/dataset", textContent: t("dataset.add"), className: "primary button" }));
  }
  await suggest();
}

// A design chosen on the Sweep page arrives in the address; an empty value there is the default.
function fromAddress() {
  const asked = new URLSearchParams(location.search);
  const number = ({ kind }) => kind === "count" || kind === "number";
  const given = settings.filter(({ name }) => asked.has(name)).map((setting) => [setting, asked.get(setting.name)]);
  return Object.fromEntries(given.map(([setting, text]) => [setting.name, text === "" ? null : number(setting) ? Number(text) : text]));
}

let question = 0;
async function suggest() {
  if (named || wrong()) return;
  const turn = ++question; // only the answer to the latest question counts
  const { name } = await post("/api/train/name", { design: read() });
  if (named || turn !== question) return;
  $("name").value = name;
  checkName();
}
function checkName() {
  $("name").setCustomValidity("");
  if ($("name").validity.patternMismatch) $("name").setCustomValidity(t("design.name_rule"));
}
$("name").addEventListener("input", () => {
  named = $("name").value !== "";
  checkName();
});
$("design").addEventListener("change", (event) => { if (event.target.id !== "name") suggest().catch((error) => toast(error.message, "bad")); });
$("defaults").addEventListener("click", () => {
  fill({});
  suggest().catch((error) => toast(error.message, "bad"));
});
// A preset sets some of the form; the rest stays.
for (const button of document.querySelectorAll("[data-preset]")) button.addEventListener("click", () => {
  fill({ ...read(), ...presets.find((one) => one.name === button.dataset.preset).changes });
  suggest().catch((error) => toast(error.message, "bad"));
});
$("design").addEventListener("submit", async (event) => {
  event.preventDefault();
  const field = wrong();
  if (field) return point(field);
  $("begin").disabled = true;
  try {
    await post("/api/train", { name: $("name").value.trim(), design: read() });
    if (matchMedia("(max-width: 900px)").matches) $("work").scrollIntoView({ block: "start" });
  } catch (error) {
    $("begin").disabled = isRunning();
    toast(error.message, "bad");
    if (fieldOf(error.field)) point(fieldOf(error.field));
  }
});

// Where the mistake is.
function point(field) {
  if (field.closest("details")) field.closest("details").open = true;
  field.reportValidity();
  field.focus();
}

socket.on("dataset", () => load().catch(() => {}));
load().catch((error) => toast(error.message, "bad"));
socket.connect();
