// Designs and their settings as text.
import { has, t } from "./messages.js";

// A run's design in a few words, for lists: the settings that the server says tell it from others.
export function words(run) {
  if (!run.design) return t("design.unknown");
  return run.headline.map((name) => phrase(name, run)).join(" · ");
}

function phrase(name, run) {
  const value = run.design[name];
  const key = `design.${name}_words`;
  return typeof value === "number" && has(key) ? t(key, { n: value, figure: value }) : wordsOf(name, run);
}

// One setting of a run as text, for the comparison.
export function wordsOf(name, run) {
  if (!run.design) return "–";
  const value = run.design[name];
  if (value === undefined || value === null) return t(has(`design.${name}_none`) ? `design.${name}_none` : "design.usual");
  if (name === "backbone") return run.backbone;
  if (Array.isArray(value)) return value.length ? value.map((one) => choice(name, one)).join(t("list.comma")) : t("design.none");
  if (typeof value === "boolean") return t(value ? "yes" : "no");
  return choice(name, value);
}

const choice = (name, value) => (has(`design.${name}.${value}`) ? t(`design.${name}.${value}`) : String(value));
