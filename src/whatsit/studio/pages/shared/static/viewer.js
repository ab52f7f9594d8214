// One picture large, with what is known of it, its label and its split; the neighbours one key away.
import { moveTo, relabelTo, remove } from "./edits.js";
import { t } from "./messages.js";
import { figure, isClass, labelName, largeAddress, UNLABELLED } from "./names.js";
import { get } from "./requests.js";
import { toast } from "./toast.js";

const $ = (id) => document.getElementById(id);
const dialog = $("viewer");
let list = null;
let at = 0;
let shown = null;

// `pictures` is {size(), row(index) -> Promise of a row, reload() -> Promise}.
export async function openViewer(pictures, index) {
  list = pictures;
  if (await show(index)) {
    if (!dialog.open) dialog.showModal();
  }
}

async function show(index) {
  if (!list.size()) {
    dialog.close();
    return false;
  }
  at = Math.max(0, Math.min(index, list.size() - 1));
  try {
    const row = await list.row(at);
    shown = await get("/api/dataset/picture", { key: row.key });
  } catch (error) {
    toast(error.message, "bad");
    return false;
  }
  const picture = $("viewer-picture");
  picture.hidden = shown.error !== "";
  $("viewer-error").hidden = shown.error === "";
  $("viewer-error").textContent = shown.error ? t("viewer.unreadable") : "";
  if (shown.error) picture.removeAttribute("src");
  else picture.src = largeAddress(shown.id);
  picture.alt = labelName(shown.label);
  $("viewer-name").textContent = shown.name;
  $("viewer-label").value = isClass(shown.label) ? shown.label : "";
  $("viewer-label").placeholder = isClass(shown.label) ? t("dataset.unlabelled") : labelName(shown.label);
  $("viewer-split").value = shown.split;
  $("viewer-before").disabled = at === 0;
  $("viewer-after").disabled = at === list.size() - 1;
  facts();
  return true;
}

function facts() {
  const rows = [];
  if (shown.width) rows.push([t("viewer.size"), `${shown.width} × ${shown.height}, ${bytes(shown.size)}`]);
  rows.push([t("viewer.decided"), t(`decided.${shown.decided_by}`)]);
  if (shown.source) rows.push([t("viewer.source"), shown.source]);
  if (shown.time) rows.push([t("viewer.time"), new Date(shown.time * 1000).toLocaleString(document.documentElement.lang)]);
  $("viewer-facts").replaceChildren(...rows.flatMap(([name, value]) => {
    const [term, text] = [document.createElement("dt"), document.createElement("dd")];
    term.textContent = name;
    text.textContent = value;
    return [term, text];
  }));
}

const bytes = (n) => (n < 1e6 ? `${figure.format(Math.max(1, Math.round(n / 1e3)))} kB` : `${figure.format(Math.round(n / 1e5) / 10)} MB`);

async function edited(reply) {
  if (!reply) return show(at);
  await list.reload();
  return show(at);
}

$("viewer-label").addEventListener("change", async (event) => {
  const label = event.target.value.trim() || UNLABELLED;
  if (label !== shown.label) edited(await relabelTo([shown.key], label));
});
$("viewer-label").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.isComposing) event.target.blur();
});
$("viewer-split").addEventListener("change", async (event) => edited(await moveTo([shown.key], event.target.value)));
$("viewer-delete").addEventListener("click", async () => edited(await remove([shown.key])));
$("viewer-close").addEventListener("click", () => dialog.close());
$("viewer-before").addEventListener("click", () => show(at - 1));
$("viewer-after").addEventListener("click", () => show(at + 1));
dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
dialog.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!step || event.target.matches("input, select")) return;
  event.preventDefault();
  if (at + step >= 0 && at + step < list.size()) show(at + step);
});
