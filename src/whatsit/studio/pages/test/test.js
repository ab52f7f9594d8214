// Test: a model on pictures it has not seen.
import { number, percent } from "../axes.js";
import { drawConfusion } from "./confusion.js";
import { onDevices } from "../devices.js";
import { legend, LineChart } from "../line_chart.js";
import { t } from "../messages.js";
import { figure } from "../names.js";
import { openPicture, pictureButton, pictureOf } from "./pictures.js";
import { act, get } from "../requests.js";
import * as socket from "../socket.js";
import "../splits.js";
import { toast } from "../toast.js";
import { bindMend, openWhy } from "../why.js";
import { bindWork, ended, onWork, setIdle, isRunning } from "../work.js";

const $ = (id) => document.getElementById(id);
const share = percent(1);
const WRONG_AT_ONCE = 24;
const charts = { calibration: new LineChart($("calibration")), rejection: new LineChart($("rejection")) };
let model = new URLSearchParams(location.search).get("model");
let runs = null;
bindWork("test");
legend($("calibration-legend"), [["measured", t("test.measured")], ["ideal", t("test.ideal")]]);

socket.on("runs", (message) => {
  const before = model;
  runs = message.runs;
  if (!runs.some((run) => run.name === model)) model = runs[0]?.name ?? null;
  $("model").replaceChildren(...runs.map((run) => new Option(run.name, run.name, false, run.name === model)));
  $("ask").hidden = runs.length === 0;
  if (shown === undefined || model !== before) load();
});
onWork((now, before) => {
  $("begin").disabled = isRunning();
  if (ended(now, before) && now.job === "test" && now.state === "done") {
    model = now.name;
    $("model").value = model;
    load();
  }
  // Nothing to say while nothing goes on here.
  $("work").hidden = !isRunning() && !(now.job === "test" && ["failed", "stopped"].includes(now.state));
});
$("model").addEventListener("change", () => { model = $("model").value; load(); });
$("split").addEventListener("change", load);
$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  act("/api/test", { name: model, split: $("split").value }, { quiet: true });
});

let shown;
async function load() {
  history.replaceState(null, "", model ? `?model=${encodeURIComponent(model)}` : location.pathname);
  shown = model;
  const split = $("split").value;
  let test = null;
  try {
    if (model) ({ test } = await get("/api/test", { name: model, split }));
  } catch (error) { toast(error.message, "bad"); }
  if (shown !== model || split !== $("split").value) return;
  $("report").hidden = !test;
  $("untested").hidden = Boolean(test);
  $("changed").hidden = !test?.changed;
  $("untested-title").textContent = t(model ? "test.untested" : "test.no_model", { name: model });
  $("untested-text").textContent = t(model ? "test.untested_text" : "test.no_model_text");
  $("untested-link").hidden = Boolean(model);
  if (test) draw(test);
}

function draw({ report, answers, nearest, split, cautions }) {
  const main = report.models.int8;
  $("download").href = `/test/${encodeURIComponent(model)}/report.html?split=${split}`;
  $("accuracy").textContent = share(main.accuracy);
  const [low, high] = main.interval;
  const bar = $("interval");
  bar.style.setProperty("--low", low);
  bar.style.setProperty("--high", high);
  bar.style.setProperty("--at", main.accuracy);
  $("interval-text").textContent = t("test.interval", { right: figure.format(main.right), pictures: figure.format(main.pictures), low: share(low), high: share(high) });
  warn(cautions);
  figures(report);
  drawConfusion(main, answers);
  classes(main.classes);
  calibration(main);
  rejection(main);
  wrong(answers, nearest);
}

function warn(cautions) {
  const text = ({ kind, points, pictures, labels }) => t(`caution.${kind}`, { n: pictures, figure: figure.format(pictures), points: number(1)(points), labels: labels.join(t("list.comma")) });
  $("warnings").replaceChildren(...cautions.map((one) => Object.assign(document.createElement("li"), { textContent: text(one) })));
}

function figures({ models, devices }) {
  const kinds = ["int8", "float32"].filter((kind) => models[kind]);
  const values = {
    accuracy: (one) => share(one.accuracy),
    balanced: (one) => (one.balanced_accuracy === undefined ? "–" : share(one.balanced_accuracy)),
    f1: (one) => share(one.macro_f1),
    error: (one) => share(one.calibration_error),
    median: (one) => `${number(2)(one.measurement.milliseconds)} ms`,
    p95: (one) => `${number(2)(one.measurement.milliseconds_p95)} ms`,
    memory: (one) => `${number(0)(one.measurement.memory / 1e6)} MB`,
    file: (one) => `${number(2)(one.measurement.size / 1e6)} MB`,
    macs: (one) => t("test.million", { n: number(1)(one.measurement.multiply_adds / 1e6) }),
  };
  const rows = [["", ...kinds], ...Object.entries(values).map(([key, value]) => [t(`figure.${key}`), ...kinds.map((kind) => value(models[kind]))])];
  rows.push([t("figure.devices"), ...kinds.map((kind) => onDevices(devices[kind], "\n"))]);
  fill($("figures"), rows);
  [...$("figures").rows].at(-1).classList.add("lines");
  $("figures").createCaption().textContent = t("test.threads", { n: models.int8.measurement.threads, figure: models.int8.measurement.threads });
}

function fill(table, rows) {
  table.replaceChildren(...rows.map((cells, place) => {
    const line = document.createElement("tr");
    line.append(...cells.map((content, at) => {
      const heads = content !== "" && !(place && at);
      const cell = document.createElement(heads ? "th" : "td");
      if (heads) cell.scope = place ? "row" : "col";
      if (typeof content === "number") {
        const rail = document.createElement("span");
        rail.className = "share";
        rail.style.setProperty("--part", content);
        cell.append(rail, share(content));
      } else cell.textContent = content;
      return cell;
    }));
    return line;
  }));
}

function classes(found) {
  const rows = found.map((one) => [one.label, figure.format(one.pictures), one.precision ?? "–", one.recall ?? t("test.untested_class"), one.pictures ? one.f1 : "–"]);
  fill($("classes"), [[t("bars.class"), t("collect.pictures"), t("test.precision"), t("test.recall"), "F1"], ...rows]);
}

const shareAxis = (title) => ({ format: percent(0), title });

function calibration(main) {
  charts.calibration.show([
    { name: t("test.ideal"), kind: "ideal", points: [[0, 0], [1, 1]] },
    { name: t("test.measured"), kind: "measured", dots: true, points: main.calibration.map((bin) => [bin.score, bin.accuracy]) },
  ], { label: t("test.calibration"), x: { ...shareAxis(t("test.score_axis")), from: 0, to: 1 }, y: { format: percent(0), exact: share, from: 0, to: 1 } });
  $("calibration-text").textContent = t("test.calibration_text", { error: share(main.calibration_error) });
}

function rejection(main) {
  $("rejection-box").hidden = main.rejection.length < 2;
  if (main.rejection.length < 2) return;
  charts.rejection.show([{ name: t("test.accuracy"), kind: "measured", points: main.rejection.map((point) => [point.answered, point.accuracy]).reverse() }],
    { label: t("test.rejection"), marker: main.answered, x: { ...shareAxis(t("test.answered_axis")), to: 1 }, y: { format: percent(0), exact: share, to: 1 } });
  $("rejection-text").textContent = main.accuracy_answered === null ? t("test.all_refused")
    : t("test.rejection_text", { answered: share(main.answered), accuracy: share(main.accuracy_answered) });
}

function wrong(answers, nearest) {
  const found = answers.filter((answer) => answer.label !== answer.predicted).sort((one, other) => other.score - one.score);
  $("wrong-box").hidden = found.length === 0;
  $("wrong-count").textContent = figure.format(found.length);
  let at = 0;
  const more = () => {
    $("wrong").append(...found.slice(at, at + WRONG_AT_ONCE).map((answer) => card(answer, nearest[answer.id] ?? [])));
    at += WRONG_AT_ONCE;
    $("more-wrong").hidden = at >= found.length;
  };
  $("wrong").replaceChildren();
  $("more-wrong").onclick = more;
  more();
}

function card(answer, near) {
  const item = document.createElement("li");
  const text = document.createElement("p");
  text.append(Object.assign(document.createElement("strong"), { textContent: answer.label }), " → ", Object.assign(document.createElement("b"), { textContent: answer.predicted }),
    Object.assign(document.createElement("small"), { textContent: answer.unknown ? `${percent(0)(answer.score)} · ${t("answer.unknown")}` : percent(0)(answer.score) }));
  const why = Object.assign(document.createElement("button"), { type: "button", className: "secondary", textContent: t("why") });
  why.addEventListener("click", () => openWhy(`file:${model}`, { picture: answer.id }));
  item.append(pictureButton(answer.id, t("test.cell_title_wrong", answer), () => openPicture(answer)), text, why);
  if (near.length) {
    const list = document.createElement("div");
    list.className = "near";
    list.append(Object.assign(document.createElement("small"), { textContent: t("test.nearest") }), ...near.map((one) => {
      const figure = document.createElement("figure");
      figure.append(pictureOf(one.id, ""), Object.assign(document.createElement("figcaption"), { textContent: one.label, title: `${one.label}, ${t("answer.distance", { distance: number(2)(one.distance) })}` }));
      return figure;
    }));
    item.append(list);
  }
  return item;
}

bindMend(load);
setIdle("", "");
socket.connect();
