// "No, it is …" and "None of these": the labels to choose from, one key each, and another label typed.
import { isClass } from "./names.js";
import { t } from "./messages.js";
import * as socket from "./socket.js";

const $ = (id) => document.getElementById(id);
const MOST = 9; // labels that have a key
let known = [];
let choose = () => {};
let offered = [];

export function bindCorrection(chosen) {
  choose = chosen;
  $("correct-label").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    const label = event.target.value.trim();
    event.target.value = "";
    if (label) choose(label);
  });
  $("correct-none").addEventListener("click", () => choose(null));
}

// The likely labels first, then the others of the dataset.
export function offerLabels(likely) {
  offered = [...new Set([...likely, ...known])].slice(0, MOST);
  $("correct-labels").replaceChildren(...offered.map((label, place) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "chip-choice";
    const key = document.createElement("kbd");
    key.setAttribute("aria-hidden", "true");
    key.textContent = String(place + 1);
    button.append(key, ` ${label}`);
    button.setAttribute("aria-label", t("correct.is", { label }));
    button.addEventListener("click", () => choose(label));
    return button;
  }));
}

// What a digit on the keyboard chooses; nothing where there is no such label.
export function chooseNumber(n) {
  if (offered[n - 1] !== undefined) choose(offered[n - 1]);
}

socket.on("dataset", ({ labels }) => {
  known = labels.map((one) => one.label).filter(isClass);
  $("known-labels").replaceChildren(...known.map((label) => new Option("", label)));
});
