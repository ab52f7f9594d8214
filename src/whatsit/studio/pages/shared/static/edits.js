// What is done to selected pictures on every page that has some: relabel, move, delete.
import { t } from "./messages.js";
import { figure, isClass, labelName } from "./names.js";
import { act } from "./requests.js";
import * as socket from "./socket.js";

const $ = (id) => document.getElementById(id);
let chosen = () => [];
let finished = () => {};
export let labels = [];

// `selection()` gives the selected keys; `done(keys)` is called with the keys that were edited, which can be later than
// the next change of the selection.
export function bindEdits({ selection, clear, done }) {
  chosen = selection;
  finished = done;
  $("clear").addEventListener("click", clear);
}

export function showSelection(n) {
  $("selection").hidden = n === 0;
  $("selection-count").textContent = t("selection.count", { n, figure: figure.format(n) });
}

export function setLabels(counts) {
  labels = counts.map((one) => one.label);
  const known = labels.filter(isClass);
  $("known-labels").replaceChildren(...known.map((label) => new Option("", label)));
}

async function edited(keys, answer) {
  const reply = await answer;
  if (reply) finished(keys);
  return reply;
}
export const relabelTo = (keys, label) => edited(keys, act("/api/dataset/relabel", { keys, label }));
export const moveTo = (keys, split) => edited(keys, act("/api/dataset/move", { keys, split }));
export const remove = (keys) => edited(keys, act("/api/dataset/delete", { keys }));

export function askLabel() {
  const keys = chosen();
  if (!keys.length) return;
  $("relabel-title").textContent = t("selection.relabel_title", { n: keys.length, figure: figure.format(keys.length) });
  $("relabel-field").value = "";
  listLabels("");
  $("relabel-dialog").showModal();
  $("relabel-field").focus();
}

function listLabels(typed) {
  const wanted = typed.trim().toLocaleLowerCase();
  const fitting = labels.filter((label) => labelName(label).toLocaleLowerCase().includes(wanted));
  $("relabel-choices").replaceChildren(...fitting.map((label) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "chip-choice";
    button.textContent = labelName(label);
    button.addEventListener("click", () => finish(label));
    return button;
  }));
}

function finish(label) {
  $("relabel-dialog").close();
  const keys = chosen();
  if (label && keys.length) relabelTo(keys, label);
}

$("relabel-field").addEventListener("input", (event) => listLabels(event.target.value));
$("relabel-cancel").addEventListener("click", () => $("relabel-dialog").close());
$("relabel-dialog").querySelector("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const label = $("relabel-field").value.trim();
  if (label) finish(label);
});
$("relabel").addEventListener("click", askLabel);
$("delete").addEventListener("click", () => deleteChosen());
$("move").addEventListener("change", (event) => {
  const split = event.target.value;
  event.target.value = "";
  if (split && chosen().length) moveTo(chosen(), split);
});
export function deleteChosen() {
  if (chosen().length) remove(chosen());
}

socket.on("dataset", (message) => setLabels(message.labels));
