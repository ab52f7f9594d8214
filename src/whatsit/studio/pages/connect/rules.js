// The rules as a form: one row each.
import { t } from "../messages.js";

const $ = (id) => document.getElementById(id);
const NUMBERS = ["seconds", "at_least", "minimum_off", "cooldown"];
const STATES = ["unknown", "uncertain", "stale"];
let labels = [];
let changed = false;

// Whether there are changes that were not saved; with an argument, from now on.
export function edited(value = changed) {
  changed = value;
  $("save").disabled = !changed;
  return changed;
}

// Labels and states share one list: a value says which by its first letter.
function fillWhen(list, label, state) {
  const names = label !== null && !labels.includes(label) ? [...labels, label] : labels;
  list.replaceChildren(
    ...names.map((name) => new Option(name, `l${name}`, false, name === label)),
    ...STATES.map((name) => new Option(t(`connect.state.${name}`), `s${name}`, false, name === state)),
  );
}

function addRule(rule) {
  const row = $("rule").content.firstElementChild.cloneNode(true);
  const field = (name) => row.querySelector(`[name="${name}"]`);
  field("name").value = rule.name;
  field("then").value = rule.then;
  fillWhen(field("when"), rule.label, rule.state);
  for (const name of NUMBERS) field(name).value = rule[name] || "";
  row.querySelector(".remove").addEventListener("click", () => {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    (next?.querySelector("input") ?? $("add")).focus();
    edited(true);
    number();
  });
  $("rules").append(row);
  return row;
}

function number() {
  [...$("rules").children].forEach((row, at) => { row.querySelector(".number").textContent = t("connect.rule", { n: at + 1 }); });
}

export function drawRules(rules, known) {
  labels = known;
  $("rules").replaceChildren();
  for (const rule of rules) addRule(rule);
  number();
  edited(false);
}

// Which rules are on, and labels that have come up meanwhile.
export function showRules(on, known) {
  const fresh = known.join("\n") !== labels.join("\n");
  labels = known;
  for (const row of $("rules").children) {
    row.querySelector(".badge").hidden = !on.includes(row.querySelector('[name="name"]').value);
    const list = row.querySelector('[name="when"]');
    if (fresh && document.activeElement !== list) {
      const value = list.value;
      fillWhen(list, value.startsWith("l") ? value.slice(1) : null, value.startsWith("s") ? value.slice(1) : null);
    }
  }
}

export function readRules() {
  return [...$("rules").children].map((row) => {
    const text = (name) => row.querySelector(`[name="${name}"]`).value.trim();
    const when = row.querySelector('[name="when"]').value;
    const amount = (name) => Number(text(name)) || 0;
    return {
      name: text("name"),
      label: when.startsWith("l") ? when.slice(1) : null,
      state: when.startsWith("s") ? when.slice(1) : null,
      then: text("then"),
      seconds: amount("seconds"),
      at_least: amount("at_least"),
      minimum_off: amount("minimum_off"),
      cooldown: amount("cooldown"),
    };
  });
}

$("add").addEventListener("click", () => {
  const names = readRules().map((rule) => rule.name);
  let n = names.length + 1;
  while (names.includes(t("connect.rule", { n }))) n += 1;
  const row = addRule({ name: t("connect.rule", { n }), label: labels[0] ?? null, state: labels.length ? null : "unknown", then: "" });
  number();
  edited(true);
  row.querySelector('[name="name"]').focus();
});
$("rules").addEventListener("input", () => edited(true));
