// Check: what is wrong with the pictures, each finding with its pictures and one click that fixes it.
import { bindEdits } from "../edits.js";
import { button, line } from "./elements.js";
import { forgetLeftOut, makeFinding } from "./finding.js";
import "../folders.js";
import { keys } from "../keys.js";
import { t } from "../messages.js";
import { figure } from "../names.js";
import { act, get } from "../requests.js";
import * as socket from "../socket.js";
import { watchTime } from "../time_left.js";
import { toast } from "../toast.js";
import { undo } from "../undo.js";
import { drawVerdict } from "./verdict.js";

const $ = (id) => document.getElementById(id);
let report = null;
// Further findings that were asked for, by kind.
const extra = new Map();
let looks = 0;
const left = watchTime();

bindEdits({ selection: () => [], clear: () => {}, done: () => {} });

// ---- findings ----
function draw() {
  drawVerdict(report);
  $("kinds").replaceChildren(...report.kinds.map((one) => {
    const link = document.createElement("a");
    link.href = `#${one.kind}`;
    link.className = one.against ? "kind against" : "kind";
    link.append(line("span", t(`kind.${one.kind}`)), line("strong", figure.format(one.amount)));
    return link;
  }));
  const drawn = new Map([...$("groups").children].map((section) => [section.id, section]));
  $("groups").replaceChildren(...report.kinds.map((one) => drawGroup(one, drawn.get(one.kind))));
}

function drawGroup(one, section) {
  const findings = [...one.findings, ...(extra.get(one.kind) ?? [])];
  const content = JSON.stringify([one, findings]);
  // What has not changed keeps its place, its focus and the pictures left out.
  if (section?.content === content) return section;
  const fresh = document.createElement("section");
  fresh.className = "group";
  fresh.id = one.kind;
  fresh.content = content;
  const head = document.createElement("header");
  const words = document.createElement("div");
  words.append(line("h3", t(`kind.${one.kind}`)), line("p", t(`about.${one.kind}`), "hint"));
  head.append(words);
  if (one.all_fixable) head.append(button(t(`fix_all.${one.kind}`, { n: one.n, figure: figure.format(one.n) }), "secondary", () => act("/api/check/fix-all", { kind: one.kind })));
  const list = document.createElement("ul");
  const single = one.findings.every((finding) => finding.pictures.length === 1);
  list.className = single && !one.selective ? "findings tight" : "findings";
  list.append(...findings.map((finding) => makeFinding(one, finding, look)));
  fresh.append(head, list);
  const rest = one.n - findings.length;
  if (rest > 0) fresh.append(button(t("check.more", { n: rest, figure: figure.format(rest) }), "quiet", () => more(one.kind, findings.length)));
  return fresh;
}

async function more(kind, offset) {
  const before = looks;
  const found = await get("/api/check/more", { kind, offset }).catch(failed);
  if (!found || before !== looks) return;
  extra.set(kind, [...(extra.get(kind) ?? []), ...found.findings]);
  draw();
}

// ---- the check itself ----
const failed = (error) => { toast(error.message, "bad"); };
function state(view) {
  const running = view.state === "running";
  $("check-work").hidden = !running;
  $("begin").disabled = running;
  if (!running) return;
  const counting = view.total && view.done < view.total;
  const said = counting ? t("progress.reading_pictures", { done: figure.format(view.done), total: figure.format(view.total) }) : t("check.comparing");
  const remains = counting ? left("check", view.done / view.total) : "";
  $("check-step").textContent = remains ? `${said} · ${remains}` : said;
  if (counting) $("check-progress").value = view.done / view.total;
  else $("check-progress").removeAttribute("value");
}

async function look() {
  const mine = ++looks;
  const view = await get("/api/check").catch(failed);
  if (!view || mine !== looks) return; // an older answer can come after a newer one
  state(view);
  if (view.error) failed(new Error(t("error.device", { reason: view.error })));
  if (!view.report) return;
  report = view.report;
  draw();
}

socket.on("check", (view) => {
  state(view);
  if (view.state === "running") return;
  if (view.state === "done") forgetLeftOut(); // the ids are those of another report now
  extra.clear();
  look();
});
socket.on("dataset", () => {
  if (report) {
    extra.clear();
    look();
  }
});
socket.on("hello", look); // whatever ended while the server was away
$("begin").addEventListener("click", () => act("/api/check", {}, { quiet: true }));
$("check-stop").addEventListener("click", () => act("/api/check/stop", {}, { quiet: true }));
$("forget-kept").addEventListener("click", async () => { if (await act("/api/check/forget-kept")) act("/api/check", {}, { quiet: true }); });
keys({ u: undo });
socket.connect();
