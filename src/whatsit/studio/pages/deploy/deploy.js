// Deploy: the model's files, ready folders for other programs, and the model that is used live.
import { number, percent } from "../axes.js";
import { words } from "../design_words.js";
import { t } from "../messages.js";
import { act, get } from "../requests.js";
import { toast } from "../toast.js";
import { showReading } from "./reading.js";
import * as socket from "../socket.js";

const $ = (id) => document.getElementById(id);
const megabytes = (bytes) => `${number(2)(bytes / 1e6)} MB`;
let model = new URLSearchParams(location.search).get("model");
let runs = [];
let used = "";
let fetching = "";
let folder = { state: "idle" };
let offers = { name: "", targets: [] };
let drawn = "";

socket.on("runs", (message) => {
  runs = message.runs;
  used = message.in_use;
  if (!runs.some((run) => run.name === model)) model = runs.find((run) => run.name === used)?.name ?? runs[0]?.name ?? null;
  $("model").replaceChildren(...runs.map((run) => new Option(run.name === used ? `${run.name} (${t("deploy.in_use")})` : run.name, run.name, false, run.name === model)));
  draw();
});

function draw() {
  const run = runs.find((one) => one.name === model);
  $("ask").hidden = $("offer").hidden = !run;
  $("none").hidden = Boolean(run);
  if (!run) return;
  history.replaceState(null, "", `?model=${encodeURIComponent(model)}`);
  const address = `/deploy/${encodeURIComponent(run.name)}`;
  $("use").textContent = t(run.name === used ? "deploy.watch" : "deploy.use");
  $("about-title").textContent = run.name;
  $("badge").hidden = run.name !== used;
  $("about").textContent = words(run);
  facts(run);
  offer($("int8"), `${address}/int8.tflite`, megabytes(run.size));
  offer($("float32"), run.float32 && `${address}/float32.tflite`, run.float32 ? megabytes(run.float32) : t("deploy.no_float32"));
  offer($("dynamic"), run.float32 && `${address}/dynamic.tflite`, run.float32 ? "" : t("deploy.no_float32"));
  offer($("report-file"), run.report && `/test/${encodeURIComponent(run.name)}/report.html`, run.report ? "HTML" : t("deploy.no_report"));
  drawTargets();
  // A model trained again under its name can go elsewhere.
  const version = `${run.name} ${run.time}`;
  if (version !== drawn) for (const asked of [ask(), showReading(run)]) asked.catch((error) => toast(error.message, "bad"));
  drawn = version;
}

function facts(run) {
  const rows = [];
  if (run.test) rows.push(["run.test", `${percent(1)(run.test.accuracy)}`], ["run.ms", `${number(1)(run.test.ms)} ms`]);
  else if (run.best && run.best.validation_accuracy !== null) rows.push(["run.validation", percent(1)(run.best.validation_accuracy)]);
  $("facts").hidden = rows.length === 0;
  $("facts").replaceChildren(...rows.map(([key, value]) => {
    const pair = document.createElement("div");
    pair.append(Object.assign(document.createElement("dt"), { textContent: t(key) }), Object.assign(document.createElement("dd"), { textContent: value }));
    return pair;
  }));
}

function offer(link, href, text) {
  link.classList.toggle("missing", !href);
  if (href) link.href = href;
  else link.removeAttribute("href");
  link.querySelector("em").textContent = text;
}

// What the server says of a program and the model: in the visitor's language where the word lists have it.
function said({ key, text, values }) {
  const shown = values.fit ? { ...values, fit: t(`design.fit.${values.fit}`) } : values;
  const found = t(`remark.${key}`, shown);
  return found === `remark.${key}` ? text : found;
}

async function ask() {
  const asked = model;
  const { targets } = await get("/api/deploy/targets", { name: asked });
  if (asked !== model) return;
  offers = { name: asked, targets };
  drawTargets();
}

function drawTargets() {
  const targets = offers.name === model ? offers.targets : [];
  for (const item of $("targets").children) {
    const offer = targets.find((one) => one.target === item.dataset.target);
    const button = item.querySelector("button");
    const note = item.querySelector(".target-note");
    const here = folder.name === model && folder.target === item.dataset.target;
    const packing = here && folder.state === "running";
    const failed = here && folder.state === "failed" ? t("error.device", { reason: folder.error }) : "";
    const remarks = here && folder.state === "done" ? folder.notes : offer?.notes ?? [];
    button.disabled = !offer || Boolean(offer.refusal) || folder.state === "running";
    button.textContent = t(packing ? "deploy.packing" : "deploy.zip");
    note.replaceChildren(...(offer?.refusal ? [said(offer.refusal)] : failed ? [failed] : remarks.map(said)).map((text) => Object.assign(document.createElement("span"), { textContent: text })));
    note.classList.toggle("unfit", Boolean(offer?.refusal));
    note.classList.toggle("bad", Boolean(failed));
    note.hidden = !note.textContent;
  }
}

for (const item of $("targets").children) {
  item.querySelector("button").addEventListener("click", async () => {
    const { target } = item.dataset;
    fetching = `${model} ${target}`;
    if (!(await act("/api/deploy", { name: model, target }, { quiet: true }))) fetching = "";
  });
}
socket.on("deploy", (message) => {
  folder = message;
  drawTargets();
  if (fetching === `${folder.name} ${folder.target}` && folder.state !== "running") {
    fetching = "";
    if (folder.state === "done") location.assign("/deploy/folder.zip");
  }
});

$("model").addEventListener("change", () => { model = $("model").value; draw(); });
$("use").addEventListener("click", async () => {
  if (model !== used && !(await act("/api/runs/use", { name: model }, { quiet: true }))) return;
  sessionStorage.setItem("model", `file:${model}`);
  location.assign("/live");
});
socket.connect();
