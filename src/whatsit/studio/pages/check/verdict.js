// Whether the dataset is ready, what stands against it, and what to photograph next.
import { t } from "../messages.js";
import { figure } from "../names.js";

const $ = (id) => document.getElementById(id);

export function drawVerdict(report) {
  const { pictures, classes, ready, unseen, stale, wanted, kinds, kept } = report;
  $("verdict").dataset.state = ready ? "ready" : "not";
  $("verdict-title").textContent = t(ready ? "check.ready" : unseen ? "check.changed" : "check.not_ready");
  const amount = t("check.amount", { pictures: t("count.pictures", { n: pictures }), classes: t("count.classes", { n: classes }) });
  $("verdict-text").textContent = `${amount} ${reasons(classes, kinds)}`;
  $("verdict-next").hidden = false;
  $("verdict-next").textContent = next(classes, wanted);
  $("begin").textContent = t("check.again");
  $("begin").className = stale ? "primary" : "secondary";
  $("stale").hidden = !stale;
  $("forget-kept").hidden = !kept;
  $("forget-kept").textContent = t("check.forget_kept", { n: kept, figure: figure.format(kept) });
}

function reasons(classes, kinds) {
  const against = kinds.filter((one) => one.against).map((one) => `${t(`kind.${one.kind}`)} (${figure.format(one.amount)})`);
  if (classes < 2) against.unshift(t("check.few_classes"));
  if (against.length) return t("check.against", { reasons: against.join(t("list.comma")) });
  const open = kinds.reduce((sum, one) => sum + one.amount, 0);
  return t("check.findings", { n: open, figure: figure.format(open) });
}

function next(classes, wanted) {
  if (classes < 2) return t("check.next_class");
  const needs = wanted.map((one) => t("check.need", { figure: figure.format(one.n), label: one.label })).join(t("list.comma"));
  return needs ? t("check.next", { needs }) : t("check.next_none");
}
