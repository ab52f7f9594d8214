// What a model from elsewhere takes, gives and assumes, and the normalisation a person chooses for it.
import { number, percent } from "../axes.js";
import { onDevices } from "../devices.js";
import { t } from "../messages.js";
import { act, get } from "../requests.js";
import { toast } from "../toast.js";

const $ = (id) => document.getElementById(id);
let name = "";

// Only models made elsewhere leave anything open; ours carry it all.
export async function showReading(run) {
  name = run.design === null ? run.name : "";
  $("reading").hidden = true;
  $("tried-box").hidden = true;
  if (name) await ask(false);
}

async function ask(compare) {
  const asked = name;
  const found = await get("/api/deploy/reading", { name: asked, compare });
  if (asked === name) draw(found);
}

function draw(found) {
  $("reading").hidden = false;
  $("reading-problem").hidden = !found.problem;
  $("reading-problem").textContent = found.problem;
  const rows = [
    ...found.inputs.map((one) => ["input", tensor(one)]),
    ...found.outputs.map((one) => ["output", tensor(one)]),
    ["operators", found.operators.join(", ")],
    ["multiply_adds", number(0)(found.multiply_adds)],
    ["devices", onDevices(found.devices)],
    ["files", found.files.join(", ")],
    ["labels", labels(found)],
  ];
  if (!found.problem) rows.push(["normalise", `${found.normalise} · ${t(`reading.origin.${found.origin}`)}`], ["fit", t(`design.fit.${found.fit}`)]);
  $("reading-facts").replaceChildren(...rows.filter(([, text]) => text).flatMap(([key, text]) => [Object.assign(document.createElement("dt"), { textContent: t(`reading.${key}`) }), Object.assign(document.createElement("dd"), { textContent: text })]));
  $("reading-guesses").replaceChildren(...found.assumptions.map((one) => Object.assign(document.createElement("li"), { textContent: assumed(one) })));
  $("reading-guesses").hidden = found.assumptions.length === 0;
  $("reading-choice").hidden = !found.choosable;
  $("compare").hidden = Boolean(found.problem);
  const list = $("normalise");
  list.value = found.kept ?? "";
  if (list.selectedIndex < 0) list.append(new Option(found.kept, found.kept, true, true));
  if (found.tried.length) drawTried(found.tried);
}

function tensor(one) {
  const quantised = one.scale === null ? "" : ` · ${t("reading.quantised", { scale: one.scale.toPrecision(4), zero: one.zero_point ?? 0 })}`;
  return `${one.name}: ${one.shape}, ${one.dtype}${quantised}`;
}

function labels(found) {
  if (!found.label_count) return "";
  const more = found.label_count > 8 ? ", …" : "";
  return `${found.label_count}: ${found.labels.slice(0, 8).join(", ")}${more} · ${t(`reading.labels.${found.label_source}`, { file: found.label_file })}`;
}

function assumed(one) {
  const value = one.what === "fit" ? t(`design.fit.${one.value}`) : one.value;
  return t(`reading.${one.guess ? "guess" : "read"}.${one.what}`, { value });
}

function drawTried(tried) {
  const cell = (kind, textContent) => Object.assign(document.createElement(kind), { textContent });
  const head = document.createElement("tr");
  head.append(...["normalise", "fit", "colours", "sure", "steady", "most"].map((key) => Object.assign(cell("th", t(`reading.${key}`)), { scope: "col" })));
  const body = tried.map((one) => {
    const row = document.createElement("tr");
    row.classList.toggle("chosen", one.assumed);
    row.append(Object.assign(cell("th", one.normalise), { scope: "row" }), ...[t(`design.fit.${one.fit}`), one.colours, one.sure.toFixed(2), percent(0)(one.consistent), one.label].map((text) => cell("td", text)));
    return row;
  });
  $("tried").replaceChildren(cell("caption", t("reading.tried")), head, ...body);
  $("tried-box").hidden = false;
}

$("normalise").addEventListener("change", async () => {
  const normalise = $("normalise").value || null;
  await act("/api/deploy/reading", { name, normalise });
  await ask(false).catch((error) => toast(error.message, "bad"));
});
$("compare").addEventListener("click", async () => {
  $("compare").disabled = true;
  await ask(true).catch((error) => toast(error.message, "bad"));
  $("compare").disabled = false;
});
