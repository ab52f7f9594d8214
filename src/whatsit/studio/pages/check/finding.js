// One finding: its pictures, a sentence about it, and what can be done.
import { button, line } from "./elements.js";
import { t } from "../messages.js";
import { figure, labelName, splitName, tileAddress } from "../names.js";
import { act } from "../requests.js";
import { openViewer } from "../viewer.js";

// Pictures a person left out of a finding's fix, by the finding's id; they stay left out when the list is redrawn.
const leftOut = new Map();
export const forgetLeftOut = () => leftOut.clear();

// `kind` is the finding's group; `kept()` is called after the finding was kept as it is.
export function makeFinding(kind, finding, kept) {
  if (!leftOut.has(finding.id)) leftOut.set(finding.id, new Set());
  const out = leftOut.get(finding.id);
  const count = () => finding.total - finding.pictures.filter((one) => out.has(one.key)).length;
  const item = document.createElement("li");
  item.className = "finding";
  item.dataset.finding = String(finding.id);
  const fixes = finding.fixes.map((fix, place) => makeFix(kind, finding, fix, place, out, count));
  if (finding.pictures.length) {
    item.append(makePictures(kind, finding, out, () => {
      if (!fixes.length) return;
      fixes[0].textContent = words(kind, finding.fixes[0], count());
      fixes[0].disabled = count() === 0;
    }));
  }
  const sentence = says(kind, finding);
  if (sentence) item.append(line("p", sentence, "says"));
  const actions = document.createElement("div");
  actions.className = "finding-actions";
  actions.append(...fixes);
  if (kind.pictures_help) actions.append(makeCollectLink(finding));
  if (finding.pictures.length) {
    actions.append(button(t(kind.kind === "label_issue" ? "fix.right" : "fix.keep"), "quiet", async () => {
      if (await act("/api/check/keep", { finding: finding.id }, { quiet: true })) kept();
    }));
  }
  item.append(actions);
  return item;
}

function makeFix(kind, finding, fix, place, out, count) {
  const one = button(words(kind, fix, count()), "secondary", async () => {
    const keys = count() === finding.total ? null : fix.keys.filter((key) => !out.has(key));
    one.disabled = true;
    if (!(await act("/api/check/fix", { finding: finding.id, fix: place, keys }))) one.disabled = false;
  });
  one.disabled = finding.total > 0 && count() === 0;
  return one;
}

function makeCollectLink(finding) {
  const link = line("a", t("dataset.to_collect"), "secondary button");
  link.href = "/collect";
  link.addEventListener("click", () => { if (finding.label) sessionStorage.setItem("label", finding.label); });
  return link;
}

// ---- pictures ----
function makePictures(kind, finding, out, changed) {
  const box = document.createElement("div");
  box.className = "finding-pictures";
  const list = { size: () => finding.pictures.length, row: async (place) => finding.pictures[place], reload: async () => { finding.pictures = []; } };
  box.append(...finding.pictures.map((picture, place) => {
    const one = makePicture(picture, place);
    if (kind.selective) one.setAttribute("aria-pressed", String(!out.has(picture.key)));
    one.addEventListener("click", () => {
      if (!kind.selective) {
        openViewer(list, place);
        return;
      }
      if (!out.delete(picture.key)) out.add(picture.key);
      one.setAttribute("aria-pressed", String(!out.has(picture.key)));
      changed();
    });
    return one;
  }));
  const rest = finding.total - finding.pictures.length;
  if (rest > 0) box.append(line("span", `+ ${figure.format(rest)}`, "hint"));
  return box;
}

function makePicture(picture, place) {
  const one = document.createElement("button");
  one.type = "button";
  one.className = "shot";
  const label = labelName(picture.label);
  one.title = picture.error || `${label} · ${splitName(picture.split)}`;
  one.setAttribute("aria-label", `${t("teach.picture_of", { label, n: place + 1 })}, ${splitName(picture.split)}`);
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
  caption.append(dot, line("span", label));
  one.append(caption);
  return one;
}

// ---- words ----
function says(kind, finding) {
  const more = finding.details_n - finding.details.length;
  const details = finding.details.join(t("list.comma")) + (more > 0 ? ` +${figure.format(more)}` : "");
  const split = finding.split ? splitName(finding.split) : "";
  switch (kind.kind) {
    case "across_splits": return t("says.across_splits", { one: splitName(finding.pictures[0].split), other: splitName(finding.pictures.at(-1).split) });
    case "conflict": return t("says.conflict", { labels: [...new Set(finding.pictures.map((one) => labelName(one.label)))].join(t("says.or")) });
    case "damaged_record":
    case "ignored": return details;
    case "empty_split": return t(finding.fixes.length ? "says.empty_split" : "says.empty_split_source", { split, details });
    case "small_class": return t("says.small_class", { label: finding.label, figure: figure.format(finding.n), fewest: finding.fewest });
    case "label_issue": return t("says.label_issue", { label: finding.label, to: labelName(finding.fixes[0].to) });
    case "twin_labels": return t("says.twin_labels", { label: finding.label, to: labelName(finding.fixes[0].to) });
    case "unbalanced": return t("says.unbalanced", { label: finding.label, figure: figure.format(finding.n), largest: finding.largest, largest_figure: figure.format(finding.largest_n) });
    case "unusable_name": return t("says.unusable_name", { label: finding.label });
    default: return "";
  }
}

function words(kind, fix, count) {
  if (kind.kind === "conflict") return t("fix.choose", { label: labelName(fix.to) });
  const n = kind.selective ? count : fix.keys.length;
  switch (fix.action) {
    case "delete": return t(kind.kind.endsWith("_copy") ? "fix.delete_copy" : "fix.delete", { n, figure: figure.format(n) });
    case "split_again": return t("fix.split_again");
    case "hold_out": return t("fix.hold_out");
    case "rename": return t("fix.rename", { label: labelName(fix.to) });
    case "relabel": return t("fix.relabel", { label: labelName(fix.to) });
    default: return t("fix.move", { split: splitName(fix.to) });
  }
}
