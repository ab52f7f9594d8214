// The runs so far: what each was, how good it is, what can be done with it; two of them beside each other.
import { number, percent } from "../axes.js";
import { legend, LineChart } from "../line_chart.js";
import { words, wordsOf } from "../design_words.js";
import { t } from "../messages.js";
import { act, get } from "../requests.js";
import * as socket from "../socket.js";

const $ = (id) => document.getElementById(id);
const share = percent(1);
const megabytes = (bytes) => `${number(1)(bytes / 1e6)} MB`;
const figures = (run) => ({
  validation: run.best && run.best.validation_accuracy !== null ? share(run.best.validation_accuracy) : "–",
  test: run.test ? share(run.test.accuracy) : "–",
  ms: run.test ? `${number(1)(run.test.ms)} ms` : "–",
  size: megabytes(run.size),
});
let runs = [];
let used = "";
const chosen = [];
const charts = { accuracy: new LineChart($("compare-accuracy")), loss: new LineChart($("compare-loss")) };
const curves = new Map();

socket.on("runs", (message) => {
  runs = message.runs;
  used = message.in_use;
  for (const name of [...chosen]) if (!runs.some((run) => run.name === name)) chosen.splice(chosen.indexOf(name), 1);
  $("history").hidden = runs.length === 0;
  $("compare-hint").hidden = runs.length < 2;
  $("runs").replaceChildren(...runs.map(row));
  compare();
});

function row(run) {
  const item = document.createElement("li");
  item.className = "run";
  const tick = document.createElement("label");
  tick.className = "run-tick";
  const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: chosen.includes(run.name) });
  box.setAttribute("aria-label", t("train.compare", { name: run.name }));
  box.addEventListener("change", () => choose(run.name, box.checked));
  tick.append(box);
  tick.hidden = runs.length < 2;
  const title = document.createElement("div");
  title.className = "run-title";
  const name = Object.assign(document.createElement("strong"), { textContent: run.name });
  title.append(name);
  if (run.name === used) title.append(Object.assign(document.createElement("span"), { className: "badge", textContent: t("deploy.in_use") }));
  const about = `${words(run)} · ${new Date(run.time * 1000).toLocaleString(document.documentElement.lang, { dateStyle: "short", timeStyle: "short" })}`;
  title.append(Object.assign(document.createElement("small"), { textContent: about }));
  const values = document.createElement("dl");
  values.className = "run-figures";
  for (const [key, value] of Object.entries(figures(run))) {
    const pair = document.createElement("div");
    pair.append(Object.assign(document.createElement("dt"), { textContent: t(`run.${key}`) }), Object.assign(document.createElement("dd"), { textContent: value }));
    values.append(pair);
  }
  const links = document.createElement("div");
  links.className = "run-links";
  links.append(link(`/test?model=${encodeURIComponent(run.name)}`, t("nav.test"), run), link(`/deploy?model=${encodeURIComponent(run.name)}`, t("nav.deploy"), run), remove(run));
  item.append(tick, title, values, links);
  return item;
}

function link(href, text, run) {
  const made = Object.assign(document.createElement("a"), { href, textContent: text, className: "quiet" });
  made.setAttribute("aria-label", `${text}: ${run.name}`);
  return made;
}

function remove(run) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet icon";
  button.setAttribute("aria-label", t("train.delete_name", { name: run.name }));
  button.innerHTML = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13"/></svg>';
  button.addEventListener("click", () => {
    $("delete-title").textContent = t("train.delete_title", { name: run.name });
    $("delete-dialog").returnValue = "";
    $("delete-dialog").showModal();
    $("delete-dialog").onclose = () => { if ($("delete-dialog").returnValue === "yes") act("/api/runs/delete", { name: run.name }); };
  });
  return button;
}

function choose(name, on) {
  if (on) chosen.push(name);
  else chosen.splice(chosen.indexOf(name), 1);
  while (chosen.length > 2) chosen.shift();
  for (const [at, item] of [...$("runs").children].entries()) item.querySelector("input").checked = chosen.includes(runs[at].name);
  compare();
}

async function compare() {
  const two = chosen.map((name) => runs.find((run) => run.name === name));
  $("comparison").hidden = two.length < 2;
  if (two.length < 2) return;
  const rows = [];
  for (const run of two) {
    const key = `${run.name} ${run.time}`;
    if (!curves.has(key)) curves.set(key, run.epochs ? (await get("/api/runs/epochs", { name: run.name })).rows : []);
    rows.push(curves.get(key));
  }
  const kinds = ["one", "other"];
  legend($("compare-legend"), two.map((run, at) => [kinds[at], run.name]));
  const lines = (value) => two.map((run, at) => ({ name: run.name, kind: kinds[at], points: rows[at].map((row) => [row.number, value(row)]).filter((point) => point[1] !== null) }));
  const x = { format: number(0), title: t("train.epoch") };
  charts.accuracy.show(lines((row) => row.validation_accuracy), { label: t("compare.accuracy"), x, y: { format: percent(0), exact: share, to: 1 } });
  charts.loss.show(lines((row) => row.validation_loss), { label: t("compare.loss"), x, y: { format: number(2), exact: number(3), from: 0 } });
  table(two);
}

function table(two) {
  const rows = [["", ...two.map((run) => run.name)]];
  for (const key of ["validation", "test", "ms", "size"]) rows.push([t(`run.${key}`), ...two.map((run) => figures(run)[key])]);
  const keys = new Set(two.flatMap((run) => Object.keys(run.design ?? {})));
  const same = [];
  for (const key of keys) {
    const values = two.map((run) => wordsOf(key, run));
    if (values[0] === values[1]) same.push(t(`design.${key}`));
    else rows.push([t(`design.${key}`), ...values]);
  }
  $("compare-table").replaceChildren(...rows.map((cells, place) => {
    const line = document.createElement("tr");
    line.append(...cells.map((text, at) => {
      const heads = text !== "" && !(place && at);
      const cell = document.createElement(heads ? "th" : "td");
      cell.textContent = text;
      if (heads) cell.scope = place ? "row" : "col";
      return cell;
    }));
    return line;
  }));
  const caption = $("compare-table").createCaption();
  caption.textContent = same.length ? t("compare.same", { names: same.join(t("list.comma")) }) : "";
}
