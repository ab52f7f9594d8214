// Find: the pictures that are most like one picture, of the dataset or of a bulk run.
import { percent } from "../axes.js";
import { keys } from "../keys.js";
import { t } from "../messages.js";
import { figure, labelName, largeAddress, tileAddress } from "../names.js";
import { act, get, post } from "../requests.js";
import * as socket from "../socket.js";
import { toast } from "../toast.js";

const $ = (id) => document.getElementById(id);
const SHOWN = 60;
let ready = null; // what the server can search
let asked = null; // {file} or {id, row}; null: the pictures of the dataset are there to choose from
let running = false;
let searches = 0;
let shown = ""; // what is drawn, to leave it and its focus where it has not changed
let large = null;

const failed = (error) => { toast(error.message, "bad"); return null; };
const tile = ({ id, row }) => (id ? tileAddress(id) : `/find/tile/${row}.jpg`);
const whole = ({ id, row }) => (id ? largeAddress(id) : `/find/large/${row}.jpg`);

// ---- what is asked ----
function ask(next) {
  const before = $("asked-picture").src;
  if (before.startsWith("blob:")) URL.revokeObjectURL(before);
  asked = next;
  $("asked-picture").hidden = !asked;
  $("asked-none").hidden = Boolean(asked);
  $("again").hidden = !asked;
  $("asked-name").textContent = asked?.name ?? "";
  if (asked) {
    $("asked-picture").src = asked.file ? URL.createObjectURL(asked.file) : whole(asked);
    $("asked-picture").alt = asked.name;
  } else $("asked-picture").removeAttribute("src");
  search();
}
const take = (files) => {
  const file = [...files].find((one) => !one.type || one.type.startsWith("image/"));
  if (file) ask({ file, name: file.name });
  else toast(t("find.no_picture"), "bad");
};

// ---- the search ----
async function search() {
  const mine = ++searches;
  const where = $("where").value;
  const label = $("label").value;
  if (!asked) return choices(mine, label);
  if (!ready || running) return; // it begins when the pictures were looked at
  if (ready.missing || (where === "answers" && !ready.opened)) { await act("/api/find", {}, { quiet: true }); return; }
  const found = asked.file
    ? await post("/api/find/picture", asked.file, { where, label, k: SHOWN }).catch(failed)
    : await get("/api/find/known", { where, id: asked.id, row: asked.row, label, k: SHOWN }).catch(failed);
  if (!found || mine !== searches) return;
  draw(found.pictures, t("find.found", { n: found.pictures.length, figure: figure.format(found.pictures.length) }));
}

// Without a question: pictures of the dataset, to choose one.
async function choices(mine, label) {
  const page = await get("/api/dataset/pictures", { label: $("where").value === "dataset" ? label : "", offset: 0, limit: SHOWN }).catch(failed);
  if (!page || mine !== searches) return;
  const readable = page.pictures.filter((one) => !one.error);
  draw(readable.map((one) => ({ id: one.id, row: -1, name: one.key.split("/").pop(), label: one.label, unknown: false, similarity: null })), t("find.choose_one"));
  $("empty").hidden = readable.length > 0 || label !== "" || ready?.answers !== "";
  if (!$("empty").hidden) $("nothing").hidden = true;
}

function draw(pictures, title) {
  $("found-title").textContent = title;
  $("empty").hidden = true;
  $("nothing").hidden = pictures.length > 0;
  const content = JSON.stringify(pictures);
  if (content === shown) return;
  shown = content;
  $("alike").replaceChildren(...pictures.map(makeEntry));
}

function makeEntry(picture) {
  const item = document.createElement("li");
  const button = Object.assign(document.createElement("button"), { type: "button" });
  const image = Object.assign(document.createElement("img"), { alt: "", loading: "lazy", decoding: "async" });
  image.addEventListener("error", () => { image.classList.add("gone"); image.alt = t("test.gone"); image.removeAttribute("src"); }, { once: true });
  image.src = tile(picture);
  const words = Object.assign(document.createElement("span"), { className: "words" });
  const [name, like] = [document.createElement("span"), document.createElement("span")];
  name.textContent = picture.unknown ? t("find.unknown", { label: picture.label }) : labelName(picture.label);
  like.textContent = picture.similarity === null ? "" : percent(0)(Math.max(0, picture.similarity));
  words.append(name, like);
  button.title = picture.name;
  button.append(image, words);
  button.addEventListener("click", () => { if (asked) open(picture); else ask(picture); });
  item.append(button);
  return item;
}

function open(picture) {
  large = picture;
  $("large-title").textContent = picture.name;
  $("large-picture").src = whole(picture);
  $("large-picture").alt = picture.label;
  $("large-text").textContent = t("find.similarity", { label: labelName(picture.label), similarity: percent(1)(Math.max(0, picture.similarity)) });
  $("large-dialog").showModal();
}
$("large-dialog").addEventListener("close", () => {
  $("large-picture").removeAttribute("src");
  if ($("large-dialog").returnValue === "find") ask(large);
  $("large-dialog").returnValue = "";
});

// ---- looking at the pictures ----
function work(view) {
  running = view.state === "running";
  $("work").hidden = !running;
  if (!running) return;
  const counting = view.total && view.done < view.total;
  $("work-step").textContent = counting ? t("progress.reading_pictures", { done: figure.format(view.done), total: figure.format(view.total) }) : t("find.opening");
  if (counting) $("progress").value = view.done / view.total;
  else $("progress").removeAttribute("value");
}

async function look() {
  const view = await get("/api/find").catch(failed);
  if (!view) return;
  ready = view;
  work(view);
  $("where-field").hidden = view.answers === "";
  $("where").lastElementChild.textContent = view.answers;
  await labels();
}

async function labels() {
  const before = $("label").value;
  const names = $("where").value === "answers" ? ready.labels : (await get("/api/dataset").catch(failed))?.labels.map((one) => one.label) ?? [];
  $("label").replaceChildren(...["", ...names].map((label) => new Option(label ? labelName(label) : t("find.every_label"), label)));
  $("label").value = names.includes(before) ? before : "";
}

socket.on("find", async (view) => {
  const wasRunning = running;
  work(view);
  if (running || !wasRunning) return;
  if (view.error) toast(t("error.device", { reason: view.error }), "bad");
  await look();
  if (view.state === "done") search();
});
socket.on("dataset", async () => { await look(); if (!asked) search(); });
$("where").addEventListener("change", async () => { await labels(); search(); });
$("label").addEventListener("change", search);
$("stop").addEventListener("click", () => act("/api/find/stop", {}, { quiet: true }));
$("again").addEventListener("click", () => ask(null));
$("choose").addEventListener("click", () => $("file").click());
$("file").addEventListener("change", () => { take($("file").files); $("file").value = ""; });

// ---- pictures from elsewhere ----
let inside = 0;
const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
const over = (step) => (event) => { if (carriesFiles(event)) { inside = Math.max(0, inside + step); $("drop-here").hidden = inside === 0; } };
addEventListener("dragenter", over(1));
addEventListener("dragleave", over(-1));
addEventListener("dragover", (event) => { if (carriesFiles(event)) event.preventDefault(); });
addEventListener("drop", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  inside = 0;
  $("drop-here").hidden = true;
  take(event.dataTransfer.files);
});
addEventListener("paste", (event) => { if (event.clipboardData.files.length) take(event.clipboardData.files); });

// ---- keys ----
function step(by) {
  const buttons = [...$("alike").querySelectorAll("button")];
  const at = buttons.indexOf(document.activeElement);
  buttons[at < 0 ? 0 : Math.max(0, Math.min(buttons.length - 1, at + by))]?.focus();
}
const across = () => getComputedStyle($("alike")).gridTemplateColumns.split(" ").length;
keys({
  o: () => $("choose").click(), backspace: () => { if (asked) ask(null); },
  arrowright: () => step(1), arrowleft: () => step(-1), arrowdown: () => step(across()), arrowup: () => step(-across()),
});

await look();
const wished = new URLSearchParams(location.search).get("like");
if (/^[0-9a-f]{16}$/.test(wished ?? "")) ask({ id: wished, row: -1, name: "" });
else search();
socket.connect();
