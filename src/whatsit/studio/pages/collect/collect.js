// Collect: one label at a time, one press or many.
import { drawBars } from "../bars.js";
import { askCoach } from "../coach.js";
import "../folders.js";
import { hold, holdable, release } from "../hold.js";
import { t } from "../messages.js";
import { act } from "../requests.js";
import { keys } from "../keys.js";
import * as socket from "../socket.js";
import { flash, setText } from "../stage.js";
import { toast } from "../toast.js";

const $ = (id) => document.getElementById(id);
const field = $("label");
const begun = Date.now();
const SHORTEST = 0.5, LONGEST = 3600; // seconds
let taken = JSON.parse(sessionStorage.getItem("taken") ?? "{}");
let counts = {};
let oneGo = [];
let interval = null;
field.value = sessionStorage.getItem("label") ?? "";

const label = () => field.value.trim();

async function take(burst) {
  if (!label()) {
    toast(t("collect.label_first"));
    field.focus();
    return false;
  }
  const name = label();
  if (!(await act("/api/collect/take", { label: name, burst }, { quiet: true }))) return false;
  flash();
  count(name, 1);
  return true;
}

// One picture every so many seconds, each kept before the next is due. The label cannot change meanwhile, or pictures
// would go under what is half typed.
async function takeEvery(milliseconds) {
  const mine = { burst: crypto.randomUUID?.() ?? String(Math.random()) };
  interval = mine;
  drawInterval();
  while (interval === mine) {
    const begun = performance.now();
    if (!(await take(mine.burst))) break;
    await new Promise((done) => { mine.wake = done; setTimeout(done, milliseconds - (performance.now() - begun)); });
  }
  if (interval === mine) stopInterval();
}

function stopInterval() {
  interval?.wake?.();
  interval = null;
  drawInterval();
}

function drawInterval() {
  const runs = interval !== null;
  for (const id of ["label", "change", "every"]) $(id).disabled = runs;
  $("interval-button").setAttribute("aria-pressed", String(runs));
  setText($("interval-button"), t(runs ? "collect.stop" : "collect.start"));
}

function startOrStop(event) {
  event.preventDefault();
  if (interval) {
    stopInterval();
    return;
  }
  const seconds = Number($("every").value.trim().replace(",", "."));
  if (!(seconds >= SHORTEST && seconds <= LONGEST)) {
    toast(t("collect.every_wrong", { value: $("every").value, shortest: String(SHORTEST), longest: String(LONGEST) }));
    $("every").focus();
    return;
  }
  takeEvery(seconds * 1000);
}

function count(name, more) {
  taken[name] = Math.max(0, (taken[name] ?? 0) + more);
  sessionStorage.setItem("taken", JSON.stringify(taken));
  drawCounter();
}

function drawCounter() {
  const n = taken[label()] ?? 0;
  setText($("taken-now"), String(n));
  setText($("taken-word"), label() ? t("collect.of", { label: label() }) : t("collect.none_yet"));
  $("one-go").hidden = !oneGo.includes(label());
}

socket.on("collection", (message) => {
  askCoach("dataset");
  counts = message.counts;
  oneGo = message.one_go;
  drawCounter();
  const most = Math.max(1, ...Object.values(counts));
  const rows = Object.entries(counts).map(([name, n]) => ({ label: name, score: n / most, n }));
  $("bars").dataset.empty = t("collect.empty");
  drawBars($("bars"), rows, (one) => String(one.n), label());
  $("labels").replaceChildren(...Object.keys(counts).map((name) => new Option(name)));
  drawLatest(message.latest);
});

function drawLatest(latest) {
  const strip = $("latest");
  const kept = new Map([...strip.children].map((thumb) => [thumb.dataset.id, thumb]));
  $("latest-box").hidden = latest.length === 0;
  strip.replaceChildren(...latest.slice(-18).reverse().map((one) => kept.get(String(one.id)) ?? makeThumb(one)));
}

function makeThumb(one) {
  const thumb = document.createElement("button");
  thumb.type = "button";
  thumb.dataset.id = String(one.id);
  thumb.title = t("collect.take_back", { label: one.label });
  thumb.setAttribute("aria-label", thumb.title);
  const image = document.createElement("img");
  image.src = `/taken/${one.id}.jpg`;
  image.alt = "";
  image.draggable = false;
  thumb.append(image);
  thumb.addEventListener("click", async () => {
    if (await act("/api/collect/take-back", { id: one.id })) count(one.label, -1);
  });
  return thumb;
}

function change() {
  if (interval) return;
  field.focus();
  field.select();
}

function finish() {
  stopInterval();
  const rows = Object.entries(taken).filter(([, n]) => n > 0);
  const total = rows.reduce((sum, [, n]) => sum + n, 0);
  const most = Math.max(1, ...rows.map(([, n]) => n));
  const minutes = Math.max(1, Math.round((Date.now() - begun) / 60000));
  setText($("summary-text"), total ? t("collect.summary_text", { pictures: t("count.pictures", { n: total }), classes: t("count.classes", { n: rows.length }), minutes: t("count.minutes", { n: minutes }) }) : t("collect.summary_none"));
  drawBars($("summary-bars"), rows.map(([name, n]) => ({ label: name, score: n / most, n })), (one) => String(one.n), null);
  const few = Object.entries(counts).filter(([, n]) => n < 10).map(([name]) => name);
  setText($("summary-hint"), few.length ? t("collect.few", { labels: few.slice(0, 5).join(", ") }) : "");
  $("summary-dialog").showModal();
}

field.addEventListener("input", () => {
  sessionStorage.setItem("label", label());
  drawCounter();
});
field.addEventListener("keydown", (event) => { if (event.key === "Enter") field.blur(); });
$("change").addEventListener("click", change);
$("interval").addEventListener("submit", startOrStop);
$("finish").addEventListener("click", finish);
$("summary-dialog").addEventListener("close", () => {
  taken = {};
  sessionStorage.removeItem("taken");
  drawCounter();
});
holdable($("take"), take);
keys({ n: change, f: finish, " ": () => hold($("take"), take) }, release);

drawCounter();
socket.want({ video: true });
socket.connect();
