// Deploy: the model's files, ready folders for other programs, and the model that is used live.
import { number, percent } from "../axes.js";
import { words } from "../design_words.js";
import { t } from "../messages.js";
import { act } from "../requests.js";
import * as socket from "../socket.js";

const $ = (id) => document.getElementById(id);
const megabytes = (bytes) => `${number(2)(bytes / 1e6)} MB`;
let model = new URLSearchParams(location.search).get("model");
let runs = [];
let used = "";
let fetching = "";
let folder = { state: "idle" };

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
  offer($("report-file"), run.report && `/test/${encodeURIComponent(run.name)}/report.html`, run.report ? "HTML" : t("deploy.no_report"));
  drawTargets(run);
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

// What a program takes, where that is known before.
function unfit(run, target) {
  const design = run.design;
  if (!design) return "";
  if (design.colour === "grey" && ["teachable-machine", "mediapipe", "frigate", "maixpy"].includes(target)) return t("deploy.needs_colour");
  if (target === "frigate" && (design.size ?? 224) !== 224) return t("deploy.needs_224");
  if (target === "maixpy" && design.mode !== "frozen") return t("deploy.needs_frozen");
  return "";
}

function caution(run, target) {
  const fit = run.design?.fit ?? "cover";
  if (target === "frigate" && fit !== "squash") return t("deploy.squashes", { fit: t(`design.fit.${fit}`) });
  if (target === "mediapipe" && fit !== "squash") return t("deploy.mediapipe_squashes", { fit: t(`design.fit.${fit}`) });
  if (target === "teachable-machine" && fit !== "cover") return t("deploy.cuts", { fit: t(`design.fit.${fit}`) });
  if (target === "maixpy") return t("deploy.maixpy_note");
  if (target === "c-array") return t("deploy.c_note");
  return "";
}

function drawTargets(run) {
  for (const item of $("targets").children) {
    const { target } = item.dataset;
    const button = item.querySelector("button");
    const note = item.querySelector(".target-note");
    const reason = unfit(run, target);
    const here = folder.name === model && folder.target === target;
    const packing = here && folder.state === "running";
    button.disabled = Boolean(reason) || folder.state === "running";
    button.textContent = t(packing ? "deploy.packing" : "deploy.zip");
    const failed = here && folder.state === "failed" ? t("error.device", { reason: folder.error }) : "";
    note.textContent = reason || failed || caution(run, target);
    note.classList.toggle("unfit", Boolean(reason) || target === "frigate" || target === "teachable-machine");
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
  const run = runs.find((one) => one.name === model);
  if (run) drawTargets(run);
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
