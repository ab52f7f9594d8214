// The design's settings as one value, and one value into the form. What is left empty has the default of its mode.
// The settings, their limits, their defaults and the modes that use them come from the server.
import { has, t } from "../messages.js";

const form = document.getElementById("design");
let settings = [];

export function setSettings(found) {
  settings = found;
}

const part = (name) => form.querySelector(`[data-setting="${name}"]`);
const inputs = (name) => [...part(name).querySelectorAll(`[name="${name}"]`)];
const mode = () => form.elements.mode.value;
// A narrow network has defaults of its own; they come under this name.
const regime = () => (mode() === "fine-tune" && Number(form.querySelector("[name=width]:checked")?.value ?? 1) < 1 ? "narrow" : mode());
const isNumber = ({ kind }) => kind === "count" || kind === "number";

export function fill(design) {
  for (const setting of settings) put(setting, design[setting.name] ?? null);
  follow();
}

function put(setting, value) {
  const fields = inputs(setting.name);
  const [first] = fields;
  const usual = setting.defaults[regime()] ?? null;
  if (setting.kind === "flag") first.checked = Boolean(value ?? usual);
  else if (setting.kind === "switches") for (const box of fields) box.checked = (value ?? usual).includes(box.value);
  else if (first.type === "radio") choose(setting, value ?? usual);
  else if (first.type === "select-one") {
    if (setting.name === "blocks") drawBlocks();
    first.value = value ?? "";
    if (first.selectedIndex < 0 && setting.name === "normalise") first.append(new Option(value, value, true, true));
    if (first.selectedIndex < 0) first.value = usual ?? "";
  } else first.value = value === null || value === usual ? "" : value; // a default is shown as such, not as chosen
}

// A choice that cannot be made here is the default; a number chosen elsewhere is offered too.
function choose(setting, value) {
  const field = inputs(setting.name).find((one) => one.value === String(value ?? "") && !one.disabled);
  if (field) field.checked = true;
  else if (isNumber(setting)) offer(setting.name, value);
  else inputs(setting.name).find((one) => one.value === String(Object.values(setting.defaults)[0])).checked = true;
}

function offer(name, value) {
  const pick = inputs(name)[0].closest(".pick").cloneNode(true);
  delete pick.dataset.modes;
  Object.assign(pick.querySelector("input"), { value, checked: true });
  pick.querySelector("span").textContent = value;
  inputs(name)[0].closest(".picks").append(pick);
}

// Only what the chosen mode and backbone make use of.
export function read() {
  const design = {};
  for (const setting of settings) {
    if (part(setting.name).closest("[hidden]")) continue;
    const value = taken(setting, inputs(setting.name));
    if (value !== null) design[setting.name] = value;
  }
  return design;
}

function taken(setting, fields) {
  const [first] = fields;
  if (setting.kind === "flag") return first.checked;
  if (setting.kind === "switches") return fields.filter((box) => box.checked).map((box) => box.value);
  const value = first.type === "radio" ? fields.find((one) => one.checked)?.value ?? "" : first.value;
  if (value === "") return null;
  return isNumber(setting) ? Number(value) : value;
}

// The first field whose value cannot be used; null where all can.
export function wrong() {
  return [...form.elements].find((field) => field.willValidate && !field.validity.valid) ?? null;
}

// The field of a setting that the server refused.
export const fieldOf = (name) => (settings.some((setting) => setting.name === name) ? inputs(name)[0] : null);

const backbone = () => form.elements.backbone.selectedOptions[0];

function drawBlocks() {
  const all = Number(backbone()?.dataset.blocks ?? 0);
  const list = form.elements.blocks;
  const before = list.value;
  list.replaceChildren(new Option(t("design.all_blocks", { n: all, figure: all }), ""));
  for (let n = all - 1; n >= 1; n--) list.append(new Option(t("design.first_blocks", { n, figure: n }), n));
  list.value = before;
  if (list.selectedIndex < 0) list.value = "";
}

// Show what the chosen mode and backbone make use of, with its defaults.
function follow() {
  const now = mode();
  for (const one of form.querySelectorAll("[data-modes]")) if (one.tagName !== "OPTION") one.hidden = !one.dataset.modes.split(" ").includes(now);
  const network = part("backbone").hidden ? null : backbone();
  for (const one of form.querySelectorAll("[data-made-by-file]")) {
    if (network?.dataset.file !== undefined) one.hidden = true;
    else if (!one.dataset.modes) one.hidden = false;
  }
  for (const one of form.querySelectorAll("[data-of-file]")) one.hidden ||= network?.dataset.file === undefined;
  if (network && !Number(network.dataset.blocks)) part("blocks").hidden = true;
  form.elements.backbone.setCustomValidity(network && !network.dataset.modes.split(" ").includes(now) ? t("design.file_frozen") : "");
  for (const setting of settings.filter(isNumber)) {
    const [first] = inputs(setting.name);
    if (first.type === "radio") nearest(setting.name);
    else if (first.type === "number") first.placeholder = setting.defaults[regime()] ?? t(noneKey(setting.name));
  }
}

const noneKey = (name) => (has(`design.${name}_none`) ? `design.${name}_none` : "design.none");

// Of the numbers that the mode offers, the one nearest to what was chosen.
function nearest(name) {
  const fields = inputs(name);
  const chosen = fields.find((one) => one.checked);
  if (!chosen?.closest(".pick").hidden) return;
  const away = (one) => Math.abs(one.value - chosen.value);
  const [closest] = fields.filter((one) => !one.closest(".pick").hidden).sort((one, other) => away(one) - away(other));
  if (closest) closest.checked = true;
}

form.addEventListener("change", (event) => {
  if (event.target.name === "backbone") drawBlocks();
  if (["mode", "backbone", "width"].includes(event.target.name)) follow();
});
