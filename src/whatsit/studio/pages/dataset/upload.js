// Pictures, folders and archives from this device: dropped or chosen, sent piece by piece, imported, reported.
import { t } from "../messages.js";
import { figure, labelName } from "../names.js";
import { get, post } from "../requests.js";
import * as socket from "../socket.js";
import { watchTime } from "../time_left.js";

const $ = (id) => document.getElementById(id);
const PIECE = 4 * 2 ** 20;
const SENDERS = 4;
const ARCHIVE = /\.(zip|tm)$/i;
const dialog = $("upload-dialog");
let state = "choose";
let chosen = [];
let sending = null;
let suggestion = () => "";
const left = watchTime();

// `label()` is what pictures without a folder are likely to show; the page knows.
export function bindUpload({ label }) {
  suggestion = label;
}

export function openUpload() {
  show("choose");
  if (!dialog.open) dialog.showModal();
}

function show(next) {
  state = next;
  for (const part of ["choose", "label", "sending", "report"]) $(`upload-${part}`).hidden = part !== next;
  $("upload-go").hidden = next !== "label";
  $("upload-cancel").textContent = t(next === "report" ? "close" : "cancel");
  $("upload-cancel").className = next === "report" ? "primary" : "quiet";
}

// ---- what was dropped or chosen ----
const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
let inside = 0;
addEventListener("dragenter", (event) => { if (carriesFiles(event)) { inside += 1; $("drop-here").hidden = false; } });
addEventListener("dragleave", (event) => { if (carriesFiles(event)) { inside -= 1; if (inside <= 0) $("drop-here").hidden = true; } });
addEventListener("dragover", (event) => { if (carriesFiles(event)) event.preventDefault(); });
addEventListener("drop", async (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  inside = 0;
  $("drop-here").hidden = true;
  if (state === "sending" && dialog.open) return;
  // The list of items is empty after the first await: everything is asked for at once.
  const entries = [...event.dataTransfer.items].filter((item) => item.kind === "file").map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  take((await Promise.all(entries.map((entry) => filesOf(entry)))).flat());
});

async function filesOf(entry) {
  if (entry instanceof File) return [{ path: entry.name, file: entry }];
  const path = entry.fullPath.replace(/^\//, "");
  if (entry.isFile) return [{ path, file: await new Promise((done, fail) => entry.file(done, fail)) }];
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((done, fail) => reader.readEntries(done, fail));
    if (!some.length) return found;
    for (const one of some) found.push(...(await filesOf(one)));
  }
}

$("choose-files").addEventListener("click", () => $("files").click());
$("choose-folder").addEventListener("click", () => $("folder").click());
for (const input of [$("files"), $("folder")]) {
  input.addEventListener("change", () => {
    take([...input.files].map((file) => ({ path: file.webkitRelativePath || file.name, file })));
    input.value = "";
  });
}

function take(files) {
  if (!files.length) return;
  chosen = files;
  if (!dialog.open) dialog.showModal();
  const loose = files.filter(({ path }) => !path.includes("/") && !ARCHIVE.test(path));
  if (!loose.length) {
    begin("");
    return;
  }
  $("upload-what").textContent = t("upload.what", { n: files.length, figure: figure.format(files.length) });
  $("upload-field").value = suggestion();
  show("label");
  $("upload-field").focus();
}

// ---- sending ----
async function begin(label) {
  await shown(async (mine) => {
    mine.id = (await post("/api/dataset/upload")).id;
    await sendAll(mine);
    if (mine.stopped) return;
    step(t("upload.importing"), null);
    await post(`/api/dataset/upload/${mine.id}/finish`, { label });
    mine.importing = true;
    sessionStorage.setItem("importing", "yes");
    if (mine.stopped) post("/api/dataset/import/stop").catch(() => {}); // left while it began
    else await report(mine);
  });
}

// An import that this page began before it was loaded anew.
async function goOn() {
  if (sending || !sessionStorage.getItem("importing")) return;
  const { state: now } = await get("/api/dataset/import");
  if (now !== "running") sessionStorage.removeItem("importing");
  else if (!sending) {
    if (!dialog.open) dialog.showModal();
    step(t("upload.importing"), null);
    await shown(async (mine) => { mine.importing = true; await report(mine); });
  }
}

async function shown(work) {
  show("sending");
  const mine = { stopped: false, id: null, importing: false };
  sending = mine;
  try {
    await work(mine);
  } catch (error) {
    if (!mine.stopped) drawProblem(error.message);
    if (mine.id && !mine.importing) post(`/api/dataset/upload/${mine.id}/cancel`).catch(() => {});
  } finally {
    if (sending === mine) sending = null;
  }
}

async function report(mine) {
  const ended = new Promise((done) => { mine.ended = done; });
  // What ended before this page knew that it had begun is asked for, and what ended while the server was away.
  mine.look = async () => { if ((await get("/api/dataset/import")).state !== "running") mine.ended(); };
  await mine.look();
  await ended;
  sessionStorage.removeItem("importing");
  if (mine.stopped) return;
  const { state: end, error, report: found } = await get("/api/dataset/import");
  if (end === "failed") throw new Error(error);
  drawReport(found);
}

// What is still on its way here is lost with the page; an import is not.
addEventListener("beforeunload", (event) => { if (sending && !sending.importing && !sending.stopped) event.preventDefault(); });

async function sendAll(mine) {
  const total = Math.max(1, chosen.reduce((sum, { file }) => sum + file.size, 0));
  const waiting = [...chosen];
  let sent = 0;
  let files = 0;
  const sender = async () => {
    for (let one = waiting.shift(); one && !mine.stopped; one = waiting.shift()) {
      let at = 0;
      do {
        const piece = one.file.slice(at, at + PIECE);
        await post(`/api/dataset/upload/${mine.id}`, piece, { path: one.path, at });
        at += piece.size;
        sent += piece.size;
        step(t("upload.sending", { n: chosen.length, done: figure.format(files), figure: figure.format(chosen.length) }), (sent / total) * 0.5);
      } while (at < one.file.size && !mine.stopped);
      files += 1;
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, sender));
}

function step(text, part) {
  const remains = part === null ? "" : left(part < 0.5 ? "sending" : "importing", part < 0.5 ? part * 2 : part * 2 - 1);
  $("upload-step").textContent = remains ? `${text} · ${remains}` : text;
  if (part === null) $("upload-progress").removeAttribute("value");
  else $("upload-progress").value = part;
}

socket.on("hello", () => (sending ? sending.look?.() : goOn())?.catch(() => {}));
socket.on("import", (view) => {
  if (!sending?.ended) return;
  if (view.state === "running") {
    if (view.total) step(t("upload.importing"), 0.5 + (view.done / view.total) * 0.5);
  } else if (sending.importing) sending.ended();
});

// ---- the end ----
function drawReport(report) {
  const box = $("upload-report");
  const found = [line("p", t("upload.added", { n: report.added, figure: figure.format(report.added) }), "strong")];
  for (const said of report.read_as) found.push(line("p", said, "hint"));
  if (report.labels.length) found.push(line("p", t("upload.classes", { labels: report.labels.slice(0, 12).map(labelName).join(t("list.comma")) }) + (report.labels.length > 12 ? " …" : ""), "hint"));
  if (report.present) found.push(line("p", t("upload.present", { n: report.present, figure: figure.format(report.present) }), "hint"));
  for (const [kind, groups] of [["skipped", report.skipped], ["notes", report.notes]]) {
    if (!groups.length) continue;
    const n = groups.reduce((sum, group) => sum + group.n, 0);
    const more = document.createElement("details");
    more.append(line("summary", t(`upload.${kind}`, { n, figure: figure.format(n) })));
    const list = document.createElement("ul");
    list.append(...groups.map((group) => {
      const row = document.createElement("li");
      row.append(line("span", reason(group.reason), "why"), line("span", `× ${figure.format(group.n)}`, "many"), line("small", group.paths.join(t("list.comma")) + (group.n > group.paths.length ? " …" : "")));
      return row;
    }));
    more.append(list);
    more.open = kind === "skipped";
    found.push(more);
  }
  box.replaceChildren(...found);
  show("report");
  $("upload-cancel").focus();
}

const reason = (text) => {
  const known = t(`skip.${text}`);
  return known.startsWith("skip.") ? text : known;
};

function drawProblem(message) {
  $("upload-report").replaceChildren(line("p", message, "notice"));
  show("report");
}

function line(kind, text, look = "") {
  const element = document.createElement(kind);
  element.textContent = text;
  element.className = look;
  return element;
}

function leave() {
  if (sending) {
    sending.stopped = true;
    if (sending.importing) {
      post("/api/dataset/import/stop").catch(() => {});
      sending.ended();
    } else if (sending.id) post(`/api/dataset/upload/${sending.id}/cancel`).catch(() => {});
  }
  dialog.close();
}
$("upload-cancel").addEventListener("click", leave);
dialog.addEventListener("cancel", (event) => { event.preventDefault(); leave(); });
$("upload-go").addEventListener("click", () => begin($("upload-field").value.trim()));
$("upload-dialog").querySelector("form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (state === "label") begin($("upload-field").value.trim());
});
