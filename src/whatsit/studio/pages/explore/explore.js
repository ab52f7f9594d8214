// Explore: a map on which pictures that look alike lie together.
import { colourAt, findingColour, GREY } from "./colours.js";
import { askLabel, bindEdits, deleteChosen, showSelection } from "../edits.js";
import "../folders.js";
import { keys } from "../keys.js";
import { t } from "../messages.js";
import { figure, isClass, labelName, splitName, tileAddress } from "../names.js";
import { act, get } from "../requests.js";
import { Scatter } from "./scatter.js";
import * as socket from "../socket.js";
import { toast } from "../toast.js";
import { undo } from "../undo.js";
import { openViewer } from "../viewer.js";

const $ = (id) => document.getElementById(id);
const SHOWN = 12;
let points = null;
let colour = "label";
let focus = null;

const map = new Scatter($("map"), { hover: peek, changed: drawChosen, opened: openAt, picture: (index) => tileAddress(points.ids[index]) });
const chosenKeys = () => [...map.selected].map((index) => points.keys[index]);
const placesOf = (keys) => points.keys.flatMap((key, index) => (keys.has(key) ? [index] : []));
bindEdits({ selection: chosenKeys, clear: () => map.choose([], "only"), done: (edited) => map.choose(placesOf(new Set(edited)), "less") });

// ---- colours ----
function groups() {
  if (colour === "split") {
    const splits = ["training", "validation", "test"];
    const style = getComputedStyle(document.documentElement);
    return { names: splits.map(splitName), palette: splits.map((split) => style.getPropertyValue(`--${split}`).trim()), group: points.split.map((split) => splits.indexOf(split)) };
  }
  if (colour === "finding") {
    const here = new Set(points.keys);
    const kinds = Object.keys(points.findings).filter((kind) => points.findings[kind].some((key) => here.has(key)));
    const of = new Map();
    kinds.forEach((kind, place) => points.findings[kind].forEach((key) => { if (!of.has(key)) of.set(key, place + 1); }));
    return { names: [t("explore.fine"), ...kinds.map((kind) => t(`kind.${kind}`))], palette: [GREY, ...kinds.map(findingColour)], group: points.keys.map((key) => of.get(key) ?? 0) };
  }
  let next = 0;
  return { names: points.labels.map(labelName), palette: points.labels.map((label) => (isClass(label) ? colourAt(next++) : GREY)), group: points.label };
}

function paint() {
  const { names, palette, group } = groups();
  if (focus !== null && focus >= names.length) focus = null;
  map.paint(group, palette, focus);
  const counts = new Array(names.length).fill(0);
  for (const one of group) counts[one] += 1;
  const list = $("legend");
  while (list.children.length > names.length) list.lastElementChild.remove();
  while (list.children.length < names.length) list.append(makeEntry(list.children.length));
  names.forEach((name, place) => {
    const button = list.children[place].firstElementChild;
    const [dot, text, count] = button.children;
    dot.style.background = palette[place];
    text.textContent = name;
    button.title = name;
    count.textContent = figure.format(counts[place]);
    button.setAttribute("aria-pressed", String(focus === place));
  });
  $("no-findings").hidden = colour !== "finding" || names.length > 1;
}

function makeEntry(place) {
  const item = document.createElement("li");
  item.innerHTML = '<button type="button" class="entry"><i class="swatch"></i><span class="name"></span><span class="count"></span></button>';
  item.firstElementChild.addEventListener("click", () => { focus = focus === place ? null : place; paint(); });
  return item;
}

for (const button of $("colours").children) {
  button.addEventListener("click", () => {
    colour = button.dataset.colour;
    focus = null;
    for (const other of $("colours").children) {
      other.setAttribute("aria-checked", String(other === button));
      other.tabIndex = other === button ? 0 : -1;
    }
    if (points) paint();
  });
}
$("colours").addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const all = [...$("colours").children];
  const next = all.at((all.indexOf(document.activeElement) + step) % all.length);
  next.focus();
  next.click();
});

// ---- one picture, many pictures ----
function peek(index, x, y) {
  const box = $("peek");
  box.hidden = index < 0;
  if (index < 0) return;
  const address = tileAddress(points.ids[index]);
  if ($("peek-picture").getAttribute("src") !== address) $("peek-picture").src = address;
  const label = labelName(points.labels[points.label[index]]);
  $("peek-label").textContent = label;
  const side = x > map.viewport.width / 2 ? x - box.offsetWidth - 16 : x + 16;
  const down = Math.max(8, Math.min(map.viewport.height - box.offsetHeight - 8, y - box.offsetHeight / 2));
  box.style.transform = `translate(${Math.max(8, side)}px, ${down}px)`;
  if (document.activeElement === $("map")) $("map-said").textContent = `${label}, ${splitName(points.split[index])}${map.selected.has(index) ? `, ${t("explore.selected")}` : ""}`;
}

function openAt(index) {
  const list = map.selected.has(index) ? [...map.selected] : [index];
  const rows = list.map((one) => ({ key: points.keys[one] }));
  openViewer({ size: () => rows.length, row: async (one) => rows[one], reload: async () => { rows.length = 0; } }, Math.max(0, list.indexOf(index)));
}

function drawChosen() {
  const list = [...map.selected];
  showSelection(list.length);
  $("chosen").hidden = list.length === 0;
  const counts = new Map();
  for (const index of list) counts.set(points.label[index], (counts.get(points.label[index]) ?? 0) + 1);
  const most = [...counts].sort((one, other) => other[1] - one[1]);
  $("chosen-labels").textContent = most.slice(0, 4).map(([label, n]) => `${labelName(points.labels[label])} ${figure.format(n)}`).join(" · ") + (most.length > 4 ? " …" : "");
  $("chosen-thumbs").replaceChildren(...list.slice(0, SHOWN).map((index) => {
    const thumb = document.createElement("button");
    thumb.type = "button";
    thumb.setAttribute("aria-label", labelName(points.labels[points.label[index]]));
    const image = document.createElement("img");
    image.src = tileAddress(points.ids[index]);
    image.alt = "";
    thumb.append(image);
    thumb.addEventListener("click", () => openAt(index));
    return thumb;
  }));
}

// ---- the map itself ----
let loading = null;
async function load() {
  const found = await get("/api/map/points");
  const before = new Set(points ? chosenKeys() : []); // after the wait: what was chosen meanwhile stays chosen
  const pointed = points && map.current >= 0 ? points.keys[map.current] : null;
  const same = points !== null && points.keys.length === found.keys.length;
  points = found;
  map.set(points);
  if (!same) map.viewport.fit();
  paint();
  map.choose(placesOf(before), "only");
  map.point(pointed === null ? -1 : points.keys.indexOf(pointed)); // who steps through the map by keyboard goes on from there
}
// Several changes in a row are fetched once more, not once each.
function reload() {
  loading = (loading ?? Promise.resolve()).then(load).catch((error) => toast(error.message, "bad"));
  return loading;
}

function state(view) {
  const running = view.state === "running";
  $("map-work").hidden = !running;
  if (running) {
    $("map-step").textContent = view.total ? t("progress.reading_pictures", { done: figure.format(view.done), total: figure.format(view.total) }) : t("explore.arranging");
    if (view.total) $("map-progress").value = view.done / view.total;
    else $("map-progress").removeAttribute("value");
  }
  $("map-stop").hidden = !running;
  if (view.error) toast(t("error.device", { reason: view.error }), "bad");
}

async function look(mayDraw) {
  const view = await get("/api/map");
  state(view);
  const empty = view.pictures === 0;
  const running = view.state === "running";
  $("map-none").hidden = !empty || running || (mayDraw && view.missing > 0);
  $("map-none-text").textContent = view.missing ? t("explore.none") : t("dataset.empty_title");
  $("map-draw").hidden = view.missing === 0;
  $("map-to-dataset").hidden = view.missing > 0;
  $("map-missing").hidden = empty || view.missing === 0 || running;
  $("map-missing").firstElementChild.textContent = t("explore.missing", { n: view.missing, figure: figure.format(view.missing) });
  if (!empty) await reload();
  else if (mayDraw && view.missing && !running) begin();
}

async function begin() {
  $("map-none").hidden = $("map-missing").hidden = true;
  await act("/api/map", {}, { quiet: true });
}
const again = (error) => toast(error.message, "bad");
socket.on("map", (view) => {
  state(view);
  if (view.state !== "running") look(false).catch(again);
});
socket.on("dataset", () => look(false).catch(again));
$("map-draw").addEventListener("click", begin);
$("map-update").addEventListener("click", begin);
$("map-stop").addEventListener("click", () => act("/api/map/stop", {}, { quiet: true }));

// ---- tools ----
function tool(name) {
  map.tool = name;
  $("map").classList.toggle("moving", name === "pan");
  for (const one of ["lasso", "pan"]) $(`tool-${one}`).setAttribute("aria-pressed", String(one === name));
}
$("tool-lasso").addEventListener("click", () => tool("lasso"));
$("tool-pan").addEventListener("click", () => tool("pan"));
$("zoom-in").addEventListener("click", () => map.viewport.zoom(1.5));
$("zoom-out").addEventListener("click", () => map.viewport.zoom(1 / 1.5));
$("fit").addEventListener("click", () => map.viewport.fit());
keys({ u: undo, r: askLabel, delete: deleteChosen, backspace: deleteChosen, l: () => tool("lasso"), m: () => tool("pan"), escape: () => map.choose([], "only") });

look(true).catch(again);
socket.connect();
