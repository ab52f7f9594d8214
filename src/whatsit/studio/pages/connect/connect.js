// Connect: where the answers go, and what they switch.
import { has, t } from "../messages.js";
import { act, get, post } from "../requests.js";
import { hush, toast } from "../toast.js";
import { drawRules, edited, readRules, showRules } from "./rules.js";
import { writeSnippets } from "./snippets.js";
import * as socket from "../socket.js";

const $ = (id) => document.getElementById(id);
const EVERY = 2000;
let version = "";
let known = null;

const clock = (seconds) => (seconds ? new Date(seconds * 1000).toLocaleTimeString(document.documentElement.lang) : "–");
const element = (kind, values, ...children) => {
  const made = Object.assign(document.createElement(kind), values);
  made.append(...children);
  return made;
};

// What was seen, in the visitor's language.
function said({ state, label, score }) {
  if (state === "label") return `${label} ${Math.round(score * 100)} %`;
  const name = t(`connect.state.${state}`);
  return label && state !== "stale" ? `${name} (${label})` : name;
}

// Why a sink fails; what the system says of a connection, in the visitor's language.
function reason(error) {
  const key = `connect.reason.${error.toLowerCase().replaceAll(" ", "_")}`;
  return has(key) ? t(key) : error;
}

function drawSinks(found) {
  $("no-sinks").hidden = found.sinks.length > 0;
  $("problem").hidden = !found.problem;
  $("problem").textContent = found.problem;
  $("paused").hidden = !found.paused;
  while ($("sinks").children.length > found.sinks.length) $("sinks").lastChild.remove();
  found.sinks.forEach((sink, at) => {
    let item = $("sinks").children[at];
    if (!item) {
      item = element("li", {}, element("div", {}, element("strong"), element("p", { className: "hint" })), element("button", { type: "button", className: "secondary", textContent: t("connect.test") }));
      item.querySelector("button").addEventListener("click", () => act("/api/connect/test", { sink: at, label: $("test-label").value }));
      $("sinks").append(item);
    }
    const state = sink.error ? "bad" : sink.connected ? "good" : "idle";
    item.dataset.state = state;
    item.querySelector("strong").textContent = sink.name;
    item.querySelector("button").setAttribute("aria-label", `${t("connect.test")}: ${sink.name}`);
    const parts = [sink.error ? t("connect.fails", { reason: reason(sink.error) }) : t(sink.connected ? "connect.works" : "connect.idle", { time: clock(sink.last_sent) })];
    if (sink.waiting) parts.push(t("connect.waiting", { n: sink.waiting }));
    if (sink.dropped) parts.push(t("connect.dropped", { n: sink.dropped }));
    item.querySelector("p").textContent = parts.join(" · ");
  });
}

function drawChanges(changes) {
  $("no-changes").hidden = changes.length > 0;
  $("changes").replaceChildren(...changes.map((one) => element("li", {}, element("time", { textContent: clock(one.time) }), element("span", { textContent: said(one) }))));
  $("seen").textContent = changes.length ? said(changes[0]) : "";
}

function drawLabels(labels) {
  const shown = [...$("test-label").options].slice(1).map((option) => option.value);
  if (shown.join("\n") === labels.join("\n")) return;
  const chosen = $("test-label").value;
  $("test-label").replaceChildren($("test-label").options[0], ...labels.map((label) => new Option(label, label, false, label === chosen)));
}

async function look() {
  const found = await get("/api/connect");
  drawSinks(found);
  drawChanges(found.changes);
  drawLabels(found.labels);
  $("rules-problem").hidden = !found.rules_problem;
  $("rules-problem").textContent = found.rules_problem;
  if ((known === null || found.version !== version) && !edited()) {
    version = found.version;
    known = found.rules;
    drawRules(found.rules, found.labels);
  }
  showRules(found.on, found.labels);
}

let looking = false;
async function keepLooking() {
  if (looking || document.hidden) return;
  looking = true;
  await look().catch((error) => { if (known === null) toast(error.message, "bad"); });
  looking = false;
}

$("reload").addEventListener("click", async () => {
  if (await act("/api/connect/reload")) await keepLooking();
});

$("rules-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  hush();
  if (!event.target.reportValidity()) return;
  $("save").disabled = true;
  if (await act("/api/connect/rules", { rules: readRules(), version })) {
    edited(false);
    version = "";
    await keepLooking();
  } else $("save").disabled = false;
});

$("try").addEventListener("click", async () => {
  hush();
  if (!$("rules-form").reportValidity()) return;
  try {
    const found = await post("/api/connect/dry-run", { rules: readRules(), version });
    const [text, list] = $("tried").children;
    text.textContent = t("connect.tried", { n: found.switched.length, seconds: Math.round(found.seconds) });
    list.replaceChildren(...found.switched.slice(-20).map((one) => element("li", { textContent: t(one.on ? "connect.tried_on" : "connect.tried_off", { rule: one.rule, seconds: one.ago.toFixed(1) }) })));
    $("tried").hidden = false;
  } catch (error) { toast(error.message, "bad"); }
});

writeSnippets();
keepLooking();
setInterval(keepLooking, EVERY);
document.addEventListener("visibilitychange", keepLooking);
socket.connect();
