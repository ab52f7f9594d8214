// The design's fields as one value, and one value into the fields. What is left empty has the default of its way.
import { t } from "../messages.js";

const form = document.getElementById("design");
const NUMBERS = ["epochs", "learning_rate", "dropout", "hidden", "views", "patience", "label_smoothing", "batch", "unfrozen_blocks", "seed"];
const FLAGS = ["multi_layer", "class_weights", "mixup"];
const RATES = { frozen: "0.001", "fine-tune": "0.0003", scratch: "0.003" };
let usual = {};
let usualEpochs = {};

export function setUsual(defaults, epochs) {
  usual = defaults;
  usualEpochs = epochs;
}

export function fill(design) {
  form.elements.way.value = form.querySelector(`[name=way][value="${CSS.escape(design.way)}"]:not(:disabled)`) ? design.way : "frozen";
  form.elements.backbone.value = design.backbone;
  if (form.elements.backbone.selectedIndex < 0) form.elements.backbone.value = "lite0";
  drawBlocks();
  form.elements.blocks.value = design.blocks ?? "";
  form.elements.size.value = design.size;
  for (const name of ["fit", "colour"]) form.elements[name].value = design[name];
  for (const box of form.elements.augmentation) box.checked = design.augmentation.includes(box.value);
  for (const name of NUMBERS) {
    // A choice that is the usual one is shown as such, not as something chosen.
    const field = form.elements[name];
    field.value = design[name] === undefined || design[name] === usual[name] ? "" : design[name];
  }
  for (const name of FLAGS) form.elements[name].checked = Boolean(design[name]);
  follow();
}

export function read() {
  const design = {
    way: form.elements.way.value,
    backbone: form.elements.backbone.value,
    size: Number(form.elements.size.value || 224),
    fit: form.elements.fit.value,
    colour: form.elements.colour.value,
    augmentation: [...form.elements.augmentation].filter((box) => box.checked).map((box) => box.value),
  };
  if (form.elements.blocks.value && design.way !== "scratch" && !ownFile()) design.blocks = Number(form.elements.blocks.value);
  for (const name of NUMBERS) if (form.elements[name].value !== "") design[name] = form.elements[name].valueAsNumber;
  for (const name of FLAGS) design[name] = form.elements[name].checked;
  return design;
}

// The first field whose value cannot be used; null where all can.
export function wrong() {
  return [...form.elements].find((field) => field.willValidate && !field.validity.valid) ?? null;
}

function drawBlocks() {
  const chosen = form.elements.backbone.selectedOptions[0];
  const all = Number(chosen?.dataset.blocks ?? 16);
  const list = form.elements.blocks;
  const before = list.value;
  list.replaceChildren(new Option(t("design.all_blocks", { n: all, figure: all }), ""));
  for (let n = all - 1; n >= 1; n--) list.append(new Option(t("design.first_blocks", { n, figure: n }), n));
  list.value = before;
  if (list.selectedIndex < 0) list.value = "";
}

const ownFile = () => form.elements.backbone.selectedOptions[0]?.dataset.file !== undefined;

// Only what counts for the way that is chosen.
function follow() {
  const way = form.elements.way.value;
  const own = ownFile();
  // A file has a size and colours of its own.
  for (const part of form.querySelectorAll("[data-built-in]")) part.hidden = own && way !== "scratch";
  form.elements.backbone.setCustomValidity(own && way === "fine-tune" ? t("design.file_frozen") : "");
  for (const part of form.querySelectorAll("[data-ways]")) part.hidden = !part.dataset.ways.split(" ").includes(way);
  for (const name of NUMBERS) form.elements[name].placeholder = usual[name] ?? t("design.none");
  const size = form.querySelector(`[name=size][value="${CSS.escape(form.elements.size.value)}"]`);
  if (size?.closest("[hidden]")) form.elements.size.value = way === "scratch" ? 96 : 224;
  form.elements.epochs.placeholder = usualEpochs[way] ?? "";
  form.elements.learning_rate.placeholder = RATES[way];
  form.elements.patience.placeholder = way === "frozen" ? "10" : t("design.never");
  form.elements.unfrozen_blocks.placeholder = t("design.all");
}

form.addEventListener("change", (event) => {
  if (event.target.name === "backbone") drawBlocks();
  if (["way", "backbone"].includes(event.target.name)) follow();
});
