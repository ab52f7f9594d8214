// The job that is running, or how the last one ended, as every page about models shows it.
import { figure } from "./names.js";
import { t } from "./messages.js";
import { act, get } from "./requests.js";
import * as socket from "./socket.js";
import { seconds, watchTime } from "./time_left.js";

const $ = (id) => document.getElementById(id);
const listeners = [];
const left = watchTime();
let rows = [];
let run = "";
export let work = { state: "idle", job: null };

export const isRunning = (one = work) => one.state === "running" || one.state === "stopping";
// Whether a message is the first to report an end: a short job can begin and end between two messages.
export const ended = (now, before) => !isRunning(now) && now.state !== "idle" && before.number !== undefined
  && (isRunning(before) || now.number !== before.number);
export const onWork = (listener) => listeners.push(listener);
// The epochs of the training that is running, or of the last one.
export const epochs = () => rows;
const passed = () => rows.at(-1)?.number ?? 0;

socket.on("work", async (message) => {
  const began = `${message.job} ${message.name}`;
  if (began !== run || message.epochs.begin + message.epochs.rows.length < rows.length) rows = [];
  run = began;
  // Many epochs can pass between two messages, or before this page was opened.
  if (message.epochs.begin > rows.length) rows = (await get("/api/work/epochs")).rows;
  else rows = [...rows.slice(0, message.epochs.begin), ...message.epochs.rows];
  const before = work;
  work = message;
  draw();
  for (const listener of listeners) listener(work, before);
});

$("stop").addEventListener("click", () => act("/api/work/stop", {}, { quiet: true }));

// `idle` is what the page says while nothing is running: { title, text }.
let idle = { title: "", text: "" };
let own = null;
export function bindWork(job) { own = job; }
export function setIdle(title, text) {
  idle = { title, text };
  draw();
}

function draw() {
  const { state, job, name } = work;
  const running = isRunning();
  const mine = job === own;
  $("work").dataset.state = mine || running ? state : "idle";
  $("stop").hidden = !running;
  $("stop").disabled = state === "stopping";
  $("work-progress").hidden = !running;
  $("work-error").hidden = !(mine && state === "failed");
  $("work-error").textContent = work.error ? t("error.device", { reason: work.error }) : "";
  const notes = mine ? work.notes ?? [] : [];
  $("work-notes").hidden = notes.length === 0;
  $("work-notes").replaceChildren(...notes.map(({ remark, detail }) => Object.assign(document.createElement("li"), { textContent: t(`note.${remark}`, { detail }) })));
  if (running) {
    $("work-title").textContent = t(state === "stopping" ? "work.stopping" : `work.${job}`, { name });
    const remains = work.total ? left(pace(), share()) : "";
    $("work-text").textContent = remains ? `${step()} · ${remains}` : step();
    const bar = $("work-progress");
    if (work.total) bar.value = share();
    else bar.removeAttribute("value");
  } else if (mine && state !== "idle") {
    $("work-title").textContent = t(`work.${job}.${state}`, { name });
    $("work-text").textContent = state === "failed" ? "" : t("work.took", { time: seconds(work.seconds) });
  } else {
    $("work-title").textContent = idle.title;
    $("work-text").textContent = idle.text;
  }
}

// What goes on at one pace: all of a training or a sweep that knows its end, else one step.
const pace = () => `${work.number} ${work.phase === "batches" || work.most_trials ? "" : work.phase}`;

function share() {
  if (work.phase === "batches") return (passed() + work.done / work.total) / work.most_epochs;
  if (work.job !== "sweep" || !work.most_trials) return work.done / work.total;
  return Math.min(1, (work.trials + (0.9 * work.done) / work.total) / work.most_trials);
}

function step() {
  if (work.phase === "batches") return `${t("phase.epochs")} ${t("work.of", { done: passed() + 1, total: work.most_epochs })}`;
  const count = work.total ? t("work.of", { done: figure.format(work.done), total: figure.format(work.total) }) : "";
  const phase = t(`phase.${work.phase || "starting"}`);
  const text = count ? `${phase} ${count}` : phase;
  if (work.job === "sweep" && work.most_trials) return `${t("work.design", { done: Math.min(work.trials + 1, work.most_trials), total: work.most_trials })} · ${text}`;
  return text;
}
