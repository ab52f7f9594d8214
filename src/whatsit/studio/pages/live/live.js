// Live: a model's answers, as they come.
import { drawBars } from "../bars.js";
import { keys } from "../keys.js";
import { t } from "../messages.js";
import { act } from "../requests.js";
import * as socket from "../socket.js";
import { percent, setText, showAnswer } from "../stage.js";
import { openWhy } from "../why.js";
import { bindPanel, digit, heldPicture, PRESSED } from "./correction.js";

const $ = (id) => document.getElementById(id);
let running = true;
const remembered = sessionStorage.getItem("model");
let model = remembered ?? "taught";
let models = [];
let taught = 0;
let saysUnknown = true;

let used;
socket.on("models", (message) => {
  models = message.models;
  const before = used;
  used = message.in_use;
  // Chosen on the Deploy page of whichever window: this one follows, without a restart.
  if (used && used !== before && (before !== undefined || remembered === null)) {
    model = used;
    watch();
  }
  if (!models.some((one) => one.name === model)) model = "taught";
  $("model").replaceChildren(...models.map((one) => {
    const option = new Option(one.title ?? t(`model.${one.name}`), one.name);
    option.selected = one.name === model;
    return option;
  }));
  const { fit, threshold } = models.find((one) => one.name === model);
  $("view").classList.toggle("whole", fit === "squash" || fit === "contain");
  $("threshold").disabled = threshold === null;
  if (threshold !== null && document.activeElement !== $("threshold")) $("threshold").value = threshold;
  setText($("threshold-shown"), percent(Number($("threshold").value)));
});

socket.on("lesson", (lesson) => {
  taught = lesson.classes.length;
  saysUnknown = lesson.says_unknown;
  hints();
});

function hints() {
  $("untaught").hidden = model !== "taught" || taught > 0;
  $("no-unknown").hidden = model !== "taught" || taught === 0 || saysUnknown;
}

async function watch() {
  sessionStorage.setItem("model", model);
  // Until it is loaded, which takes a moment, there is no threshold to set.
  $("threshold").disabled = $("run").disabled = true;
  if (model !== "taught" && !(await act("/api/models/open", { name: model }, { quiet: true }))) model = "taught";
  $("threshold").disabled = $("run").disabled = false;
  $("model").value = model;
  hints();
  draw();
}

function draw() {
  setText($("run"), t(running ? "stop" : "live.start"));
  $("run").classList.toggle("primary", !running);
  $("run").classList.toggle("secondary", running);
  socket.want({ video: true, answers: running ? model : null });
  if (!running) {
    $("why").disabled = true;
    for (const id of ["fps", "inference", "age"]) setText($(id), "–");
    showAnswer({ state: "nothing", label: null, score: 0, distance: null, strangeness: null, unknown_by: "" });
    drawBars($("bars"), [], null, null);
  }
}

let shownAt = 0;
let shown = null; // when the frame of the answer that is shown was taken
socket.on("answer", (answer) => {
  if (!running || answer.model !== model) return;
  $("why").disabled = answer.label === null;
  shown = answer.time;
  showAnswer({ ...answer, distance: null });
  drawBars($("bars"), answer.classes.slice(0, 8), (one) => percent(one.score), answer.state === "label" ? answer.label : null, $("threshold").disabled ? null : Number($("threshold").value));
  if (performance.now() - shownAt < 300) return;
  shownAt = performance.now();
  setText($("fps"), answer.fps.toFixed(1));
  setText($("inference"), `${answer.ms.toFixed(answer.ms < 10 ? 1 : 0)} ms`);
  setText($("age"), answer.age === null ? "–" : `${Math.round(answer.age * 1000)} ms`);
});

function why() {
  const held = heldPicture();
  if (held !== null) openWhy(model, { held });
  else if (!$("why").disabled) openWhy(model, { frame: shown });
}

function toggle() {
  running = !running;
  draw();
}

$("run").addEventListener("click", toggle);
$("model").addEventListener("change", (event) => { model = event.target.value; watch(); });
$("threshold").addEventListener("input", (event) => setText($("threshold-shown"), percent(Number(event.target.value))));
$("threshold").addEventListener("change", (event) => act("/api/models/threshold", { name: model, threshold: Number(event.target.value) }, { quiet: true }));
for (const id of ["why", "why-held"]) $(id).addEventListener("click", why);
bindPanel(() => model);
keys({ " ": toggle, w: why, ...PRESSED }, () => {}, digit);
$("bars").dataset.empty = t("live.empty");

watch();
socket.on("hello", () => { if (model !== "taught") watch(); });
socket.connect();
