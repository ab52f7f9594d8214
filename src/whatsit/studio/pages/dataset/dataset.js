// Dataset: every picture by class and split, edits that can be undone, pictures in and out.
import { askLabel, bindEdits, deleteChosen, labels, relabelTo, setLabels, showSelection } from "../edits.js";
import { Gallery } from "./gallery.js";
import "../folders.js";
import { keys } from "../keys.js";
import { t } from "../messages.js";
import { figure, isClass, labelName } from "../names.js";
import { act, get } from "../requests.js";
import * as socket from "../socket.js";
import { toast } from "../toast.js";
import { undo } from "../undo.js";
import { bindUpload, openUpload } from "./upload.js";
import { openViewer } from "../viewer.js";

const $ = (id) => document.getElementById(id);
const asked = new URLSearchParams(location.search);
const filter = { label: asked.get("label"), split: asked.get("split") ?? "" };
let counts = [];

const gallery = new Gallery($("grid"), {
  page: (offset, limit) => get("/api/dataset/pictures", { ...filter, offset, limit }),
  keys: async () => (await get("/api/dataset/keys", filter)).keys,
  open: (index) => openViewer({ size: () => gallery.total, row: (one) => gallery.fetchRow(one), reload: () => gallery.reload() }, index),
  changed: () => showSelection(gallery.selected.size),
});
bindEdits({
  selection: () => [...gallery.selected],
  clear: () => gallery.clear(),
  done: (edited) => gallery.drop(edited),
});
bindUpload({ label: () => (filter.label && isClass(filter.label) ? filter.label : "") });

// ---- classes and splits ----
const total = (row) => (filter.split ? row[filter.split] : row.training + row.validation + row.test);

function drawCounts() {
  if (filter.label !== null && !counts.some((row) => row.label === filter.label)) filter.label = null;
  const chosen = counts.filter((row) => filter.label === null || row.label === filter.label);
  for (const button of $("splits").children) {
    const { split } = button.dataset;
    const n = chosen.reduce((sum, row) => sum + (split ? row[split] : row.training + row.validation + row.test), 0);
    button.querySelector("small").textContent = figure.format(n);
    button.setAttribute("aria-checked", String(split === filter.split));
    button.tabIndex = split === filter.split ? 0 : -1;
  }
  const rows = [{ label: null, training: 0, validation: 0, test: 0 }, ...counts];
  for (const row of counts) for (const split of ["training", "validation", "test"]) rows[0][split] += row[split];
  const list = $("labels");
  while (list.children.length > rows.length) list.lastElementChild.remove();
  while (list.children.length < rows.length) list.append(makeLabel());
  rows.forEach((row, place) => fillLabel(list.children[place].firstElementChild, row));
  const all = rows[0].training + rows[0].validation + rows[0].test;
  const shown = filter.label === null ? rows[0] : chosen[0];
  $("title").textContent = filter.label === null ? t("dataset.all") : labelName(filter.label);
  $("rename").hidden = $("remove").hidden = filter.label === null || !isClass(filter.label);
  $("empty").hidden = all > 0;
  $("grid").hidden = all === 0;
  $("nothing").hidden = all === 0 || total(shown) > 0;
  $("download").disabled = all === 0;
}

function makeLabel() {
  const item = document.createElement("li");
  item.innerHTML = '<button type="button"><span class="name"></span><span class="count"></span><span class="parts" aria-hidden="true"><i data-split="training"></i><i data-split="validation"></i><i data-split="test"></i></span></button>';
  const button = item.firstElementChild;
  button.addEventListener("click", () => choose({ label: button.dataset.all ? null : button.dataset.label }));
  // Tiles dragged onto a class go there.
  button.addEventListener("dragover", (event) => { if (!button.dataset.all && dragged.length) { event.preventDefault(); button.classList.add("over"); } });
  button.addEventListener("dragleave", () => button.classList.remove("over"));
  button.addEventListener("drop", (event) => {
    button.classList.remove("over");
    if (button.dataset.all || !dragged.length) return;
    event.preventDefault();
    relabelTo(dragged, button.dataset.label);
  });
  return item;
}

function fillLabel(button, row) {
  const all = row.label === null;
  button.dataset.all = all ? "yes" : "";
  button.dataset.label = row.label ?? "";
  button.classList.toggle("unlabelled", row.label !== null && !isClass(row.label));
  button.setAttribute("aria-pressed", String(row.label === filter.label));
  button.querySelector(".name").textContent = all ? t("dataset.all") : labelName(row.label);
  button.title = all ? "" : labelName(row.label);
  button.querySelector(".count").textContent = figure.format(total(row));
  for (const part of button.querySelector(".parts").children) part.style.flexGrow = String(row[part.dataset.split]);
}

function choose(change) {
  Object.assign(filter, change);
  const query = new URLSearchParams();
  if (filter.label !== null) query.set("label", filter.label);
  if (filter.split) query.set("split", filter.split);
  history.replaceState(null, "", query.size ? `?${query}` : location.pathname);
  drawCounts();
  gallery.show().catch((error) => toast(error.message, "bad"));
}
for (const button of $("splits").children) button.addEventListener("click", () => choose({ split: button.dataset.split }));
$("splits").addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const all = [...$("splits").children];
  const next = all.at((all.indexOf(document.activeElement) + step) % all.length);
  next.focus();
  next.click();
});

function heard(message) {
  counts = message.labels;
  setLabels(counts);
  drawCounts();
}
// The server greets each connection with the state of the dataset: the wall is fetched then, and after every change.
let fetched = false;
function fetchWall() {
  const fetching = fetched ? gallery.reload() : gallery.show();
  fetched = true;
  fetching.catch((error) => toast(error.message, "bad"));
}
socket.on("dataset", (message) => {
  heard(message);
  fetchWall();
});
socket.on("closed", () => { if (!fetched) fetchWall(); });

// ---- classes by name ----
let naming = null;
function askName(title, value, then) {
  naming = then;
  $("name-title").textContent = title;
  $("name-field").value = value;
  $("name-dialog").showModal();
  $("name-field").select();
}
$("name-cancel").addEventListener("click", () => $("name-dialog").close());
$("name-dialog").querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const name = $("name-field").value.trim();
  if (name && (await naming(name))) $("name-dialog").close();
});
$("add-label").addEventListener("click", () => askName(t("dataset.add_class"), "", (label) => act("/api/dataset/add-label", { label })));
$("rename").addEventListener("click", () => askName(t("dataset.rename"), filter.label, async (label) => {
  const old = filter.label;
  if (label === old) return true;
  filter.label = label;
  const reply = await act("/api/dataset/rename-label", { old, new: label });
  if (!reply) filter.label = old;
  return reply;
}));
$("remove").addEventListener("click", () => act("/api/dataset/delete-label", { label: filter.label }));

// ---- dragging tiles to a class ----
let dragged = [];
$("grid").addEventListener("pointerdown", (event) => {
  const tile = event.target.closest(".tile");
  if (tile) tile.draggable = event.pointerType === "mouse" && tile.getAttribute("aria-selected") === "true";
});
$("grid").addEventListener("dragstart", (event) => {
  dragged = [...gallery.selected];
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", t("selection.count", { n: dragged.length, figure: figure.format(dragged.length) }));
});
addEventListener("dragend", () => { dragged = []; });

// ---- out ----
$("download").addEventListener("click", async () => {
  fetching = true; // before asking: a small archive is ready sooner than the answer
  fetching = Boolean(await act("/api/dataset/export", { layout: $("layout").value }, { quiet: true })) && fetching;
});
let fetching = false;
socket.on("export", (view) => {
  $("export-work").hidden = view.state !== "running" || !fetching;
  const bar = $("export-work").querySelector("progress");
  if (view.total) bar.value = view.done / view.total;
  else bar.removeAttribute("value");
  if (!fetching || view.state === "running") return;
  fetching = false;
  if (view.state === "failed") toast(t("error.device", { reason: view.error }), "bad");
  if (view.state !== "done") return;
  location.assign("/dataset/export.zip");
  get("/api/dataset/export").then(({ left_out }) => {
    if (left_out) toast(t("dataset.left_out", { n: left_out, figure: figure.format(left_out) }), "bad");
  });
});

$("add").addEventListener("click", openUpload);
$("empty-add").addEventListener("click", openUpload);
keys({ u: undo, r: askLabel, delete: deleteChosen, backspace: deleteChosen, escape: () => gallery.clear() });

socket.connect();
