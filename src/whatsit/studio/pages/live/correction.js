// Corrections on the Live page: of the frame that was answered last, or of a picture that somebody chose.
import { bindCorrection, chooseNumber, offerLabels } from "../correction.js";
import { t } from "../messages.js";
import { figure, labelName, tileAddress } from "../names.js";
import { act } from "../requests.js";
import * as socket from "../socket.js";
import { percent, setText } from "../stage.js";
import { undo } from "../undo.js";

const $ = (id) => document.getElementById(id);
let model = () => "taught";
let held = null; // the id of the picture that is asked about
let chosen = false; // by a person, not a frame of the camera

export function bindPanel(watched) {
  model = watched;
  bindCorrection(correct);
}

async function hold() {
  const reply = await act("/api/live/hold", { model: model() }, { quiet: true });
  if (!reply) return false;
  chosen = false;
  show(reply.picture, reply.answer);
  return true;
}

async function ask(file) {
  const reply = await act("/api/live/picture", file, { query: { model: model() }, quiet: true });
  if (!reply) return;
  chosen = true;
  show(reply.picture, reply.answer);
}

function show(picture, answer) {
  held = picture;
  $("held").hidden = false;
  $("correct-actions").hidden = true;
  $("held-picture").src = `/live/held/${picture}.jpg`;
  say(answer);
  offerLabels(answer.classes.slice(0, 5).map((one) => one.label));
  $("held").scrollIntoView({ block: "nearest" });
}

function say({ state, label, score }) {
  const words = { unknown: t("answer.unknown"), nothing: t("correct.nothing"), uncertain: t("answer.uncertain", { label: label ?? "" }) };
  setText($("held-label"), words[state] ?? label ?? "");
  setText($("held-detail"), state === "unknown" ? t("answer.nearest", { label: label ?? "" }) : state === "nothing" ? "" : t("answer.score", { score: percent(score) }));
}

// What is taken back, or corrected on another page, changes the answer about the picture that is held.
async function again() {
  const asked = held;
  const reply = asked === null ? null : await act("/api/live/again", { model: model(), picture: asked }, { quiet: true });
  if (reply && held === asked) say(reply.answer);
}

export const heldPicture = () => held;

function back() {
  held = null;
  $("held").hidden = true;
  $("correct-actions").hidden = false;
}

async function correct(label) {
  if (held === null) return;
  const reply = await act("/api/live/correct", { model: model(), picture: held, label });
  if (!reply) return;
  if (chosen && reply.values.counts) say(reply.values.answer);
  else back();
}

async function stranger() {
  if (held !== null || (await hold())) correct(null);
}

socket.on("dataset", again);
socket.on("guard", ({ edit, done, total, lost, count }) => {
  $("guard").hidden = edit === 0 || (done === total && count === 0);
  const judging = done < total ? t("guard.judging", { figure: figure.format(done), total: figure.format(total) }) : "";
  setText($("guard-text"), count ? t("guard.lost", { n: count, figure: figure.format(count) }) : judging);
  $("guard-pictures").replaceChildren(...lost.map((one) => {
    const [box, picture, text] = ["figure", "img", "figcaption"].map((name) => document.createElement(name));
    picture.src = tileAddress(one.id);
    picture.alt = one.key;
    const now = one.answer === null ? t("answer.unknown") : one.answer;
    text.textContent = `${labelName(one.label)} → ${now}`;
    box.append(picture, text);
    return box;
  }));
});

$("wrong").addEventListener("click", hold);
$("stranger").addEventListener("click", stranger);
$("back").addEventListener("click", back);
$("choose-picture").addEventListener("click", () => $("picture-file").click());
$("picture-file").addEventListener("change", (event) => {
  if (event.target.files[0]) ask(event.target.files[0]);
  event.target.value = "";
});
const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
for (const kind of ["dragenter", "dragover"]) {
  addEventListener(kind, (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    document.body.classList.add("over-page");
  });
}
addEventListener("dragleave", (event) => { if (event.relatedTarget === null) document.body.classList.remove("over-page"); });
addEventListener("drop", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  document.body.classList.remove("over-page");
  if (event.dataTransfer.files[0]) ask(event.dataTransfer.files[0]);
});

// The page's keys, for `keys`.
export const PRESSED = { n: hold, 0: stranger, o: () => $("picture-file").click(), u: undo, escape: back };
export const digit = (n) => { if (held !== null) chooseNumber(n); };
