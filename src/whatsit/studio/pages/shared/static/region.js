// The region of interest: a rectangle drawn on the picture by mouse, finger or keys.
import { act } from "./requests.js";
import * as socket from "./socket.js";

const $ = (id) => document.getElementById(id);
const box = $("region");
const SMALLEST = 0.05; // of the picture, in both directions
const STEP = 0.02;
let chosen = null; // what the server uses
let former = null; // what it used when drawing began
let drawn = null; // [left, top, width, height] while one is being drawn
let from = null; // where the pointer went down

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

function draw() {
  const [left, top, width, height] = drawn;
  for (const [name, value] of Object.entries({ left, top, width, height })) box.firstElementChild.style.setProperty(name, `${value * 100}%`);
}

function place(left, top, width, height) {
  const [wide, high] = [clamp(width, SMALLEST, 1), clamp(height, SMALLEST, 1)];
  drawn = [clamp(left, 0, 1 - wide), clamp(top, 0, 1 - high), wide, high];
  draw();
}

async function begin() {
  former = chosen;
  // The rectangle is drawn on the whole picture.
  if (former && !(await act("/api/camera/region", { region: null }, { quiet: true }))) return;
  $("region-button").setAttribute("aria-pressed", "true");
  box.hidden = $("region-bar").hidden = false;
  place(...(former ?? [0.2, 0.2, 0.6, 0.6]));
  box.focus();
}

function end() {
  drawn = null;
  $("region-button").setAttribute("aria-pressed", "false");
  box.hidden = $("region-bar").hidden = true;
  $("region-button").focus();
}

async function use(region) {
  if (await act("/api/camera/region", { region })) end();
}

const leave = () => (former ? use(former) : end());

const at = (event) => {
  const frame = box.getBoundingClientRect();
  return [clamp((event.clientX - frame.left) / frame.width, 0, 1), clamp((event.clientY - frame.top) / frame.height, 0, 1)];
};
box.addEventListener("pointerdown", (event) => { from = at(event); box.setPointerCapture(event.pointerId); });
box.addEventListener("pointermove", (event) => {
  if (!from) return;
  const to = at(event);
  place(Math.min(from[0], to[0]), Math.min(from[1], to[1]), Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1]));
});
for (const name of ["pointerup", "pointercancel"]) box.addEventListener(name, () => { from = null; });

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
box.addEventListener("keydown", (event) => {
  event.stopPropagation(); // the page's own keys wait
  const [left, top, width, height] = drawn;
  const move = MOVES[event.key]?.map((step) => step * STEP);
  if (move) {
    event.preventDefault();
    if (event.shiftKey) place(left, top, Math.min(width + move[0], 1 - left), Math.min(height + move[1], 1 - top));
    else place(left + move[0], top + move[1], width, height);
  } else if (event.key === "Enter") use(drawn);
  else if (event.key === "Escape") leave();
});

$("region-button").addEventListener("click", () => (drawn ? leave() : begin()));
$("region-use").addEventListener("click", () => use(drawn));
$("region-whole").addEventListener("click", () => use(null));
socket.on("camera", ({ region, fed_by_page }) => {
  chosen = region;
  $("region-button").hidden = fed_by_page;
  $("region-button").classList.toggle("active", Boolean(region));
});
