// The confusion matrix: rows the truth, columns the answer; a cell shows its pictures.
import { percent } from "../axes.js";
import { t } from "../messages.js";
import { figure } from "../names.js";
import { openPicture, pictureButton } from "./pictures.js";

const SHOWN = 24;
const table = document.getElementById("confusion");
const cell = document.getElementById("cell");

export function drawConfusion(model, answers) {
  const { labels, confusion } = model;
  const members = new Map();
  for (const answer of answers) {
    const key = JSON.stringify([answer.label, answer.predicted]);
    if (!members.has(key)) members.set(key, []);
    members.get(key).push(answer);
  }
  table.classList.toggle("many", labels.length > 5);
  const head = document.createElement("tr");
  head.append(corner(), ...labels.map((label) => title(label, "col")));
  const rows = labels.map((label, i) => {
    const line = document.createElement("tr");
    const all = confusion[i].reduce((sum, n) => sum + n, 0);
    line.append(title(label, "row"), ...labels.map((predicted, j) => {
      const place = document.createElement("td");
      const count = confusion[i][j];
      place.className = i === j ? "right" : "astray";
      place.style.setProperty("--share", all ? count / all : 0);
      if (count) place.append(button(label, predicted, count, all, members.get(JSON.stringify([label, predicted])) ?? []));
      return place;
    }));
    return line;
  });
  table.replaceChildren(head, ...rows);
  cell.replaceChildren();
  // What is worth looking at first: the most frequent mistake.
  const wrong = [...table.querySelectorAll("td.astray button")].sort((one, other) => Number(other.dataset.count) - Number(one.dataset.count));
  (wrong[0] ?? table.querySelector("td.right button"))?.click();
}

function corner() {
  const made = document.createElement("td");
  made.className = "corner";
  made.innerHTML = "<span></span><span></span>";
  made.firstChild.textContent = t("test.truth");
  made.lastChild.textContent = t("test.answer");
  return made;
}

function title(label, scope) {
  const made = document.createElement("th");
  made.scope = scope;
  made.title = label;
  made.append(Object.assign(document.createElement("span"), { textContent: label }));
  return made;
}

function button(label, predicted, count, all, answers) {
  const made = Object.assign(document.createElement("button"), { type: "button", textContent: figure.format(count) });
  made.dataset.count = count;
  const right = label === predicted;
  made.setAttribute("aria-label", t(right ? "test.cell_right" : "test.cell_wrong", { label, predicted, count, all }));
  made.setAttribute("aria-pressed", "false");
  made.addEventListener("click", () => {
    for (const other of table.querySelectorAll("[aria-pressed=true]")) other.setAttribute("aria-pressed", "false");
    made.setAttribute("aria-pressed", "true");
    show(label, predicted, answers, count / all);
  });
  made.addEventListener("keydown", walk);
  return made;
}

// Arrow keys go from cell to cell, over the empty ones.
function walk(event) {
  const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
  if (!step) return;
  event.preventDefault();
  const here = event.target.closest("td");
  let [row, column] = [here.parentElement.rowIndex + step[0], here.cellIndex + step[1]];
  while (table.rows[row]?.cells[column]) {
    const found = table.rows[row].cells[column].querySelector("button");
    if (found) return found.focus();
    [row, column] = [row + step[0], column + step[1]];
  }
}

function show(label, predicted, answers, share) {
  const heading = document.createElement("h3");
  heading.textContent = label === predicted ? t("test.cell_title_right", { label }) : t("test.cell_title_wrong", { label, predicted });
  const text = Object.assign(document.createElement("p"), { className: "hint", textContent: t("test.cell_share", { pictures: t("count.pictures", { n: answers.length }), share: percent(1)(share), label }) });
  const list = document.createElement("div");
  list.className = "cell-grid";
  const least = [...answers].sort((one, other) => (label === predicted ? one.score - other.score : other.score - one.score));
  list.append(...least.slice(0, SHOWN).map((answer) => pictureButton(answer.id, t("test.picture_of", { label, predicted }), () => openPicture(answer))));
  cell.replaceChildren(heading, text, list);
  if (answers.length > SHOWN) cell.append(Object.assign(document.createElement("p"), { className: "hint", textContent: t("test.and_more", { n: answers.length - SHOWN, figure: figure.format(answers.length - SHOWN) }) }));
}
