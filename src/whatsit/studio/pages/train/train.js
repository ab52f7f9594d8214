// Train: a design on the left; what it learns, the runs so far and two of them compared on the right.
import { number, percent } from "../axes.js";
import { fill, read, setUsual, wrong } from "./design_form.js";
import { isFile } from "../design_words.js";
import { legend, LineChart } from "../line_chart.js";
import { t } from "../messages.js";
import { figure } from "../names.js";
import { act, get } from "../requests.js";
import "./runs.js";
import * as socket from "../socket.js";
import { toast } from "../toast.js";
import { bindWork, ended, epochs, onWork, setIdle, under_way, work } from "../work.js";

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
  const lines = (own, held) => [["training", own], ["validation", held]].map(([kind, column]) => ({
    name: t(`split.${kind}`), kind, points: rows.map((row) => [row[5], row[column]]).filter((point) => point[1] !== null),
  }));
  const x = { format: number(0), title: t("train.epoch"), from: rows[0][5], to: under_way() ? Math.max(2, work.of) : undefined };
  const best = rows.findLast((row) => row[4])?.[5] ?? null;
  charts.accuracy.show(lines(1, 3), { label: t("train.accuracy"), x, marker: best, y: { format: percent(0), exact: percent(1), to: 1 } });
  charts.loss.show(lines(0, 2), { label: t("train.loss"), x, marker: best, y: { format: number(2), exact: number(3), from: 0 } });
}

onWork((now, before) => {
  show();
  const running = under_way();
  $("begin").disabled = running || !ready;
  $("work-next").hidden = running || now.job !== "train" || !["done", "stopped"].includes(now.state) || !epochs().length;
  if (!$("work-next").hidden) next(now.name);
  if (!ended(now, before) || now.job !== "train") return;
  if ($("name").value.trim() === now.name) named = false; // what was typed for the next one stays
  load();
});

function next(name) {
  const rows = epochs();
  const best = rows.findLastIndex((row) => row[4]);
  const sentence = document.createElement("p");
  if (best >= 0 && rows[best][3] !== null) sentence.textContent = t("train.best", { accuracy: percent(1)(rows[best][3]), epoch: rows[best][5] });
  else if (best >= 0) sentence.textContent = t("train.best_training", { accuracy: percent(1)(rows[best][1]) });
  const links = [["test", t("train.to_test"), "primary"], ["deploy", t("train.to_deploy"), "secondary"]].map(([page, text, kind]) =>
    Object.assign(document.createElement("a"), { href: `/${page}?model=${encodeURIComponent(name)}`, textContent: text, className: `${kind} button` }));
  $("work-next").replaceChildren(sentence, ...links);
}

// What there is to learn from, and the design that was used last.
let first = true;
async function load() {
  const state = await get("/api/train");
  setUsual(state.defaults, state.epochs);
  if (first) fill({ ...state.defaults, ...state.design, ...fromAddress() });
  first = false;
  const { training, validation, test, labels } = state.pictures;
  ready = labels >= 2;
  $("begin").disabled = under_way() || !ready;
  if (ready) {
    setIdle(t("train.ready"), t("train.pictures", { classes: t("count.classes", { n: labels }), training: figure.format(training), validation: figure.format(validation), test: figure.format(test) }));
  } else {
    setIdle(t("train.too_few"), t("train.too_few_text"));
    $("work-next").hidden = false;
    $("work-next").replaceChildren(Object.assign(document.createElement("a"), { href: "/dataset", textContent: t("dataset.add"), className: "primary button" }));
  }
  await suggest();
}

// A design chosen on the Sweep page arrives in the address.
function fromAddress() {
  const asked = new URLSearchParams(location.search);
  const found = {};
  for (const key of ["backbone", "fit"]) if (asked.get(key)) found[key] = asked.get(key);
  for (const key of ["size", "blocks"]) if (/^\d+$/.test(asked.get(key) ?? "")) found[key] = Number(asked.get(key));
  if (Object.keys(found).length) Object.assign(found, { way: "frozen", blocks: found.blocks });
  return found;
}

let question = 0;
async function suggest() {
  if (named) return;
  const turn = ++question; // only the answer to the latest question counts
  const design = read();
  const base = design.way === "scratch" ? "small" : baseName(design.backbone) + (design.blocks ? `-${design.blocks}blocks` : "");
  const { name } = await get("/api/train/name", { wanted: isFile(design.backbone) && design.way !== "scratch" ? base : `${base}-${design.size}` });
  if (named || turn !== question) return;
  $("name").value = name;
  checkName();
}
// A file's name as a model may be called.
const baseName = (backbone) => (isFile(backbone) ? backbone.split(/[\\/]/).at(-1).replace(/\.\w+$/, "").replace(/[^\w.-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "").slice(0, 40) || "model" : backbone);
function checkName() {
  $("name").setCustomValidity("");
  if ($("name").validity.patternMismatch) $("name").setCustomValidity(t("design.name_rule"));
}
$("name").addEventListener("input", () => {
  named = $("name").value !== "";
  checkName();
});
$("design").addEventListener("change", (event) => { if (event.target.id !== "name") suggest().catch((error) => toast(error.message, "bad")); });
$("defaults").addEventListener("click", async () => {
  fill((await get("/api/train")).defaults);
  suggest();
});
$("design").addEventListener("submit", async (event) => {
  event.preventDefault();
  const field = wrong();
  if (field) {
    if (field.closest("details")) field.closest("details").open = true;
    field.reportValidity();
    return field.focus();
  }
  $("begin").disabled = true;
  const reply = await act("/api/train", { name: $("name").value.trim(), design: read() }, { quiet: true });
  if (!reply) $("begin").disabled = under_way();
  else if (matchMedia("(max-width: 900px)").matches) $("work").scrollIntoView({ block: "start" });
});

socket.on("dataset", () => load().catch(() => {}));
load().catch((error) => toast(error.message, "bad"));
socket.connect();
