// Inbox: frames of doubtful answers, one after the other, one key each.
import { bindCorrection, chooseNumber, offerLabels } from "../correction.js";
import { keys } from "../keys.js";
import { t } from "../messages.js";
import { figure } from "../names.js";
import { act } from "../requests.js";
import * as socket from "../socket.js";
import { undo } from "../undo.js";

const $ = (id) => document.getElementById(id);
let frames = [];
let most = 0;
let shown = null; // the id of the frame
let busy = false;

socket.on("inbox", (message) => {
  most = message.most;
  replace(message.frames);
});

// What a person is looking at stays, whatever arrives meanwhile; where it is gone, what came after it is next.
function replace(newer) {
  const after = frames.slice(frames.findIndex((one) => one.id === shown) + 1);
  frames = newer;
  const there = (id) => frames.find((one) => one.id === id);
  draw(there(shown) ?? after.map((one) => there(one.id)).find(Boolean) ?? frames[0]);
}

function draw(frame) {
  $("inbox").hidden = !frame;
  $("empty").hidden = Boolean(frame);
  $("empty-text").textContent = most ? t("inbox.empty") : t("inbox.off");
  $("left").textContent = t("inbox.left", { n: frames.length, figure: figure.format(frames.length) });
  if (!frame) { shown = null; return; }
  if (frame.id !== shown) {
    $("frame").src = `/inbox/frame/${frame.id}.jpg`;
    $("frame-reason").textContent = t(`doubt.${frame.reason}`);
    offerLabels(frame.likely);
  }
  shown = frame.id;
  const when = new Date(frame.time * 1000).toLocaleString(document.documentElement.lang);
  const answer = frame.label === null ? t("answer.unknown") : frame.label;
  const alike = frame.count > 1 ? ` · ${t("inbox.alike", { n: frame.count, figure: figure.format(frame.count) })}` : "";
  $("frame-detail").textContent = `${t("inbox.answer", { label: answer })} · ${when}${alike}`;
}

// The next one is shown at once; the server's list follows.
async function done(request) {
  if (busy || shown === null) return;
  busy = true;
  const asked = shown;
  const reply = await request(asked);
  busy = false;
  if (reply) replace(frames.filter((one) => one.id !== asked));
}
const correct = (label) => done((frame) => act("/api/inbox/correct", { frame, label }));
const dismiss = () => done((frame) => act("/api/inbox/dismiss", { frame }, { quiet: true }));

function step(by) {
  if (!frames.length) return;
  const place = frames.findIndex((one) => one.id === shown);
  draw(frames.at((place + by) % frames.length));
}

bindCorrection(correct);
$("later").addEventListener("click", () => step(1));
$("dismiss").addEventListener("click", dismiss);
keys({ 0: () => correct(null), x: dismiss, arrowright: () => step(1), arrowleft: () => step(-1), u: undo }, () => {}, chooseNumber);
socket.connect();
