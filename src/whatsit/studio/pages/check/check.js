// Check: what is wrong with the pictures, each finding with its pictures and one click that mends it.
import { bindEdits, setLabels, undo } from "../edits.js";
import { keys } from "../keys.js";
import { t } from "../messages.js";
import { figure, get, labelName, splitName, tileAddress } from "../names.js";
import { act } from "../requests.js";
import * as socket from "../socket.js";
import { toast } from "../toast.js";
import { openViewer } from "../viewer.js";

const $ = (id) => document.getElementById(id);
const FIRST = 24;
// What stands against training comes first, what only deserves a look last.
const ORDER = ["unreadable", "conflict", "across_splits", "twin_labels", "unusable_name", "small_class", "label_issue", "exact_copy", "near_copy", "damaged_record", "ignored", "empty_split", "unbalanced", "blurred", "dark", "bright", "tiny", "outlier"];
// Of these a person wants to leave some out: their pictures can be struck off the list one by one.
const PICKED = new Set(["unreadable", "tiny", "blurred", "dark", "bright", "twin_labels"]);
let report = null;
const extra = new Map();
// Pictures struck off a finding, by the finding's number: they stay so when the list is drawn anew.
const struckOff = new Map();
let looks = 0;

bindEdits({ selection: () => [], clear: () => {}, done: () => {} });

function button(text, look, action) {
  const one = document.createElement("button");
  one.type = "button";
  one.className = look;
  one.textContent = text;
  one.addEventListener("click", action);
  return one;
}
function line(kind, text, look = "") {
  const one = document.createElement(kind);
  one.className = look;
  one.textContent = text;
  return one;
}

// ---- the verdict ----
function drawVerdict() {
  const { pictures, classes, ready, wanted, kinds, kept } = report;
  $("verdict").dataset.state = ready ? "ready" : "not";
  $("verdict-title").textContent = t(ready ? "check.ready" : "check.not_ready");
  const amount = t("check.amount", { pictures: t("count.pictures", { n: pictures }), classes: t("count.classes", { n: classes }) });
  const against = kinds.filter((one) => report.against.includes(one.kind)).map((one) => `${t(`kind.${one.kind}`)} (${figure.format(one.amount)})`);
  if (classes < 2) against.unshift(t("check.few_classes"));
  const open = kinds.reduce((sum, one) => sum + one.amount, 0);
  const rest = against.length ? t("check.against", { reasons: against.join(t("upload.comma")) }) : t("check.findings", { n: open, figure: figure.format(open) });
  $("verdict-text").textContent = `${amount} ${rest}`;
  $("verdict-next").hidden = false;
  const needs = wanted.map((one) => t("check.need", { figure: figure.format(one.n), label: one.label })).join(t("upload.comma"));
  $("verdict-next").textContent = classes < 2 ? t("check.next_class") : needs ? t("check.next", { needs }) : t("check.next_none");
  $("begin").textContent = t("check.again");
  $("begin").className = report.stale ? "primary" : "secondary";
  $("stale").hidden = !report.stale;
  $("keep-none").hidden = !kept;
  $("keep-none").textContent = t("check.keep_none", { n: kept, figure: figure.format(kept) });
}

// ---- findings ----
function draw() {
  drawVerdict();
  const kinds = [...report.kinds].sort((one, other) => ORDER.indexOf(one.kind) - ORDER.indexOf(other.kind));
  $("kinds").replaceChildren(...kinds.map((one) => {
    const link = document.createElement("a");
    link.href = `#${one.kind}`;
    link.className = report.against.includes(one.kind) ? "kind against" : "kind";
    link.append(line("span", t(`kind.${one.kind}`)), line("strong", figure.format(one.amount)));
    return link;
  }));
  const held = new Map([...$("groups").children].map((section) => [section.id, section]));
  $("groups").replaceChildren(...kinds.map((one) => drawGroup(one, held.get(one.kind))));
}

function drawGroup(one, section) {
  const text = JSON.stringify([one, [...(extra.get(one.kind) ?? [])]]);
  // What has not changed keeps its place, its focus and what was struck off.
  if (section?.told === text) return section;
  const fresh = document.createElement("section");
  fresh.className = "group";
  fresh.id = one.kind;
  fresh.told = text;
  const head = document.createElement("header");
  const words = document.createElement("div");
  words.append(line("h3", t(`kind.${one.kind}`)), line("p", t(`about.${one.kind}`), "hint"));
  head.append(words);
  if (one.all) head.append(button(t(`mend_all.${one.kind}`, { n: one.n, figure: figure.format(one.n) }), "secondary", () => act("/api/check/mend-all", { kind: one.kind })));
  const list = document.createElement("ul");
  const single = one.findings.every((finding) => finding.pictures.length === 1);
  list.className = single && !PICKED.has(one.kind) ? "findings tight" : "findings";
  const findings = [...one.findings, ...(extra.get(one.kind) ?? [])];
  list.append(...findings.map((finding) => drawFinding(one.kind, finding)));
  fresh.append(head, list);
  if (one.n > findings.length) fresh.append(button(t("check.more", { n: one.n - findings.length, figure: figure.format(one.n - findings.length) }), "quiet", () => more(one.kind, findings.length)));
  return fresh;
}

async function more(kind, offset) {
  const before = looks;
  const found = await get("/api/check/more", { kind, offset }).catch(failed);
  if (!found || before !== looks) return;
  extra.set(kind, [...(extra.get(kind) ?? []), ...found.findings]);
  draw();
}

function drawFinding(kind, finding) {
  const item = document.createElement("li");
  item.className = "finding";
  item.dataset.finding = String(finding.id);
  if (!struckOff.has(finding.id)) struckOff.set(finding.id, new Set());
  const struck = struckOff.get(finding.id);
  const left = () => finding.total - finding.pictures.filter(({ key }) => struck.has(key)).length;
  const mends = [];
  if (finding.pictures.length) {
    const pictures = document.createElement("div");
    pictures.className = "finding-pictures";
    pictures.append(...finding.pictures.map((picture, place) => makePicture(kind, finding, picture, place, !struck.has(picture.key), () => {
      if (!PICKED.has(kind)) return openViewer(listOf(finding), place);
      const one = pictures.children[place];
      if (!struck.delete(picture.key)) struck.add(picture.key);
      one.setAttribute("aria-pressed", String(!struck.has(picture.key)));
      mends[0].textContent = words(kind, finding, 0, left());
      mends[0].disabled = left() === 0;
      return null;
    })));
    if (finding.total > finding.pictures.length) pictures.append(line("span", `+ ${figure.format(finding.total - finding.pictures.length)}`, "hint"));
    item.append(pictures);
  }
  const said = says(kind, finding);
  if (said) item.append(line("p", said, "says"));
  const actions = document.createElement("div");
  actions.className = "finding-actions";
  finding.fixes.forEach((mend, place) => {
    const one = button(words(kind, finding, place, left()), "secondary", async () => {
      const keys = left() === finding.total ? null : mend.keys.filter((key) => !struck.has(key));
      one.disabled = true;
      if (!(await act("/api/check/mend", { finding: finding.id, fix: place, keys }))) one.disabled = false;
    });
    one.disabled = finding.total > 0 && left() === 0;
    mends.push(one);
    actions.append(one);
  });
  if (["small_class", "unbalanced", "empty_split"].includes(kind)) {
    const link = line("a", t("dataset.to_collect"), "secondary button");
    link.href = "/collect";
    link.addEventListener("click", () => { if (finding.label) sessionStorage.setItem("label", finding.label); });
    actions.append(link);
  }
  if (finding.pictures.length) actions.append(button(t(kind === "label_issue" ? "mend.right" : "mend.keep"), "quiet", async () => { if (await act("/api/check/keep", { finding: finding.id }, { quiet: true })) look(); }));
  item.append(actions);
  return item;
}

function makePicture(kind, finding, picture, place, wanted, pressed) {
  const one = document.createElement("button");
  one.type = "button";
  one.className = "shot";
  const where = `${labelName(picture.label)} · ${splitName(picture.split)}`;
  one.title = picture.error || where;
  one.setAttribute("aria-label", `${t("teach.picture_of", { label: labelName(picture.label), n: place + 1 })}, ${splitName(picture.split)}`);
  if (PICKED.has(kind)) one.setAttribute("aria-pressed", String(wanted));
  if (picture.error) one.append(line("span", "!", "torn"));
  else {
    const image = document.createElement("img");
    image.loading = "lazy";
    image.alt = "";
    image.src = tileAddress(picture.id);
    one.append(image);
  }
  const caption = document.createElement("span");
  caption.className = "caption";
  const dot = document.createElement("i");
  dot.className = "split";
  dot.dataset.split = picture.split;
  caption.append(dot, line("span", labelName(picture.label)));
  one.append(caption);
  one.addEventListener("click", pressed);
  return one;
}

const listOf = (finding) => ({
  size: () => finding.pictures.length,
  row: async (place) => finding.pictures[place],
  reload: async () => { finding.pictures = []; },
});

function says(kind, finding) {
  const values = { label: finding.label, to: finding.mends[0] ? labelName(finding.mends[0].to) : "", n: finding.n, figure: figure.format(finding.n), fewest: finding.fewest, need: finding.fewest - finding.n, most: finding.most, most_figure: figure.format(finding.most_n), split: finding.split ? splitName(finding.split) : "", details: finding.details.join(t("upload.comma")) + (finding.details_n > finding.details.length ? ` +${figure.format(finding.details_n - finding.details.length)}` : "") };
  if (kind === "empty_split" && !finding.mends.length) return t("says.empty_split_source", values);
  if (kind === "across_splits") return t("says.across_splits", { one: splitName(finding.pictures[0].split), other: splitName(finding.pictures.at(-1).split) });
  if (kind === "conflict") return t("says.conflict", { labels: [...new Set(finding.pictures.map((picture) => labelName(picture.label)))].join(t("says.or")) });
  const text = t(`says.${kind}`, values);
  return text.startsWith("says.") ? "" : text;
}

function words(kind, finding, place, total) {
  const mend = finding.mends[place];
  const n = PICKED.has(kind) ? total : mend.keys.length;
  if (kind === "conflict") return t("mend.choose", { label: labelName(mend.to) });
  if (mend.action === "delete") return t(kind === "exact_copy" || kind === "near_copy" ? "mend.delete_copy" : "mend.delete", { n, figure: figure.format(n) });
  if (mend.action === "split again") return t("mend.split_again");
  if (mend.action === "rename") return t("mend.rename", { label: labelName(mend.to) });
  if (mend.action === "relabel") return t("mend.relabel", { label: labelName(mend.to) });
  return t("mend.move", { split: splitName(mend.to) });
}

// ---- the check itself ----
const failed = (error) => { toast(error.message, "bad"); };
function state(view) {
  const running = view.state === "running";
  $("check-work").hidden = !running;
  $("begin").disabled = running;
  if (!running) return;
  $("check-step").textContent = view.total && view.done < view.total ? t("explore.looking", { done: figure.format(view.done), figure: figure.format(view.total) }) : t("check.thinking");
  if (view.total && view.done < view.total) $("check-progress").value = view.done / view.total;
  else $("check-progress").removeAttribute("value");
}

async function look() {
  const mine = ++looks;
  const view = await get("/api/check").catch(failed);
  if (!view || mine !== looks) return; // an older answer may come after a newer one
  state(view);
  if (view.error) failed(new Error(t("error.device", { reason: view.error })));
  if (!view.checked) return;
  report = view;
  draw();
}

socket.on("check", (view) => {
  state(view);
  if (view.state === "running") return;
  if (view.state === "done") struckOff.clear(); // the numbers are of another report now
  extra.clear();
  look();
});
socket.on("dataset", (message) => {
  $("undo").disabled = !message.can_undo;
  if (report) {
    extra.clear();
    look();
  }
});
$("begin").addEventListener("click", () => act("/api/check", {}, { quiet: true }));
$("check-stop").addEventListener("click", () => act("/api/check/stop", {}, { quiet: true }));
$("keep-none").addEventListener("click", async () => { if (await act("/api/check/keep-none")) act("/api/check", {}, { quiet: true }); });
$("undo").addEventListener("click", undo);
keys({ u: undo });
get("/api/dataset").then((message) => {
  setLabels(message.labels);
  $("undo").disabled = !message.can_undo;
}, failed);
look();
socket.connect();
