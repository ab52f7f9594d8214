// Teach: class cards, samples, learning.
import { askCoach } from "../coach.js";
import { arrange } from "./arrange.js";
import { drawBars } from "../bars.js";
import "../folders.js";
import { addSample, hold, holdable, release } from "../hold.js";
import { keys } from "../keys.js";
import { t } from "../messages.js";
import { act } from "../requests.js";
import * as socket from "../socket.js";
import { canUseOwn, flash, format, isSending, setText, showAnswer, useOwn } from "../stage.js";
import { toast } from "../toast.js";
import { undo } from "../undo.js";

const $ = (id) => document.getElementById(id);
let lesson = { classes: [], unlabelled: { count: 0, shots: [] } };
let answer = null;
let naming = null;
let typedAhead = null; // what is typed before the new class's field is there belongs into it

// ---- doing ----
async function addClass() {
  if (typedAhead !== null) return;
  typedAhead = "";
  const reply = await act("/api/lesson/class", {}, { quiet: true });
  if (!reply) {
    typedAhead = null;
    return;
  }
  flash();
  naming = reply.values.class_id;
  nameNewClass();
}

function nameNewClass() {
  if (naming === null || !lesson.classes.some((one) => one.id === naming)) return;
  edit(naming, typedAhead);
  naming = typedAhead = null;
}

const sample = (classId) => async (burst) => {
  if (lesson.classes.length === 0) {
    toast(t("done.class_first"));
    return false;
  }
  const added = await addSample(classId)(burst);
  if (added) flash();
  return Boolean(added);
};

async function learn() {
  if (lesson.classes.length === 0) return toast(t("done.class_first"));
  const reply = await act("/api/lesson/learn", {}, { quiet: true });
  if (!reply) return;
  const went = (reply.values.went ?? []).map(({ label, n }) => t("teach.went_some", { label, n })).join(t("list.comma"));
  const text = t(reply.message === "already_learned" ? "done.already_learned" : "done.learn_complete");
  toast(went ? t("done.both", { text, lost: went }) : text);
}

// ---- showing ----
socket.on("lesson", (message) => {
  lesson = message;
  draw();
  askCoach("lesson");
  if ($("picture-dialog").open) listClasses();
  nameNewClass();
});

function draw() {
  const list = $("cards");
  const wanted = [...lesson.classes, { id: null, label: t("teach.unlabelled"), ...lesson.unlabelled }];
  const kept = new Map([...list.children].map((card) => [card.dataset.id, card]));
  const cards = lesson.classes.length ? wanted.map((one, place) => {
    const card = kept.get(String(one.id)) ?? makeCard(one);
    fillCard(card, one, place);
    return card;
  }) : [];
  arrange(list, cards);
  $("empty").hidden = lesson.classes.length > 0;
  $("auto-learn").checked = lesson.auto_learn;
  $("unlearnt").hidden = lesson.unlearnt === 0;
  $("download").toggleAttribute("hidden", lesson.classes.length === 0);
  setText($("counts"), [
    t("count.classes", { n: lesson.classes.length }),
    t("count.pictures", { n: lesson.classes.length + lesson.samples }),
    lesson.unlearnt ? t("teach.unlearnt", { n: lesson.unlearnt }) : "",
  ].filter(Boolean).join(" · "));
  bars();
}

function makeCard(one) {
  const card = document.createElement("li");
  card.className = one.id === null ? "card unlabelled" : "card";
  card.dataset.id = String(one.id);
  card.innerHTML = `<header><kbd class="key" aria-hidden="true"></kbd>${one.id === null ? '<span class="name"></span>' : '<button type="button" class="name"></button>'}<span class="count"></span>
    ${one.id === null ? "" : '<button type="button" class="remove"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M6 6l12 12M18 6L6 18"/></svg></button>'}</header>
    <div class="thumbs" role="group"></div><button type="button" class="hold"></button>`;
  holdable(card.querySelector(".hold"), sample(one.id));
  if (one.id !== null) {
    card.querySelector(".name").addEventListener("click", () => edit(one.id));
    card.querySelector(".remove").addEventListener("click", () => act("/api/lesson/remove-class", { class_id: one.id }));
    holdCard(card, one.id);
  }
  dropTarget(card, one.id);
  return card;
}

// Holding anywhere on the card that is not a control of its own.
function holdCard(card, id) {
  let timer = 0;
  const end = () => { clearTimeout(timer); if (timer) release(); timer = 0; };
  card.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.target.closest("button, input, .thumbs")) return;
    timer = setTimeout(() => hold(card.querySelector(".hold"), sample(id)), 300);
  });
  for (const kind of ["pointerup", "pointercancel", "pointerleave"]) card.addEventListener(kind, end);
}

function fillCard(card, one, place) {
  const name = card.querySelector("header .name");
  if (name.tagName !== "INPUT") setText(name, one.label);
  name.title = one.id === null ? "" : t("teach.rename", { label: one.label });
  if (one.id !== null && name.tagName === "BUTTON") name.setAttribute("aria-label", t("teach.rename", { label: one.label }));
  const key = card.querySelector(".key");
  key.hidden = one.id !== null && place > 8;
  setText(key, one.id === null ? "␣" : String(place + 1));
  setText(card.querySelector(".count"), t("count.pictures", { n: one.count }));
  card.querySelector(".remove")?.setAttribute("aria-label", t("teach.remove_class", { label: one.label }));
  const button = card.querySelector(".hold");
  setText(button, one.id === null ? t("teach.hold_unlabelled") : t("teach.hold"));
  button.setAttribute("aria-label", one.id === null ? t("teach.hold_unlabelled") : t("teach.hold_for", { label: one.label }));
  card.classList.toggle("seen", Boolean(answer) && answer.state === "label" && answer.label === one.label);
  const strip = card.querySelector(".thumbs");
  const kept = new Map([...strip.children].map((thumb) => [thumb.dataset.id, thumb]));
  strip.hidden = one.shots.length === 0;
  arrange(strip, [...one.shots].reverse().map((shot, index) => {
    const thumb = kept.get(String(shot.id)) ?? makeThumb(shot);
    const name = t("teach.picture_of", { label: one.label, n: one.count - index });
    // Where Learn has put a picture without a label.
    thumb.dataset.went = shot.went ?? "";
    thumb.title = shot.went ? t("teach.went", { label: shot.went }) : "";
    thumb.setAttribute("aria-label", shot.went ? `${name}, ${thumb.title}` : name);
    return thumb;
  }));
}

function makeThumb(shot) {
  const thumb = document.createElement("button");
  thumb.type = "button";
  thumb.dataset.id = String(shot.id);
  if (shot.picture) {
    const image = document.createElement("img");
    image.src = pictureAddress(shot);
    image.alt = "";
    image.loading = "lazy";
    image.draggable = false;
    thumb.append(image);
  } else {
    thumb.textContent = "∅";
    thumb.title = t("teach.no_picture");
  }
  thumb.addEventListener("click", () => openPicture(shot));
  return thumb;
}
const pictureAddress = (shot) => `/pictures/${shot.id}.jpg?v=${encodeURIComponent(shot.picture)}`;

function edit(id, typed = "") {
  const card = document.querySelector(`.card[data-id="${id}"]`);
  const button = card?.querySelector("button.name");
  if (!button) return;
  const input = document.createElement("input");
  input.type = "text";
  input.className = "name";
  input.maxLength = 64;
  input.value = button.textContent;
  input.setAttribute("aria-label", t("teach.name"));
  let done = false;
  const finish = async (keep) => {
    if (done) return;
    done = true;
    const label = input.value.trim();
    input.replaceWith(button);
    if (keep && label && label !== button.textContent) {
      const before = button.textContent;
      button.textContent = label;
      if (!(await act("/api/lesson/rename", { class_id: id, label }, { quiet: true }))) button.textContent = before;
    }
  };
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter") finish(true);
    if (event.key === "Escape") finish(false);
  });
  input.addEventListener("blur", () => finish(true));
  button.replaceWith(input);
  input.focus();
  if (typed) input.value = typed;
  else input.select();
}

// ---- the answer ----
socket.on("answer", (message) => {
  answer = message;
  showAnswer(message);
  bars();
  for (const card of $("cards").children) {
    const one = lesson.classes.find((found) => String(found.id) === card.dataset.id);
    card.classList.toggle("seen", message.state === "label" && one?.label === message.label);
  }
});

function bars() {
  const by = new Map((answer?.classes ?? []).map((one) => [one.label, one]));
  const shown = lesson.classes.map((one) => by.get(one.label) ?? { label: one.label, score: 0, distance: null });
  const best = answer?.state === "label" ? answer.label : null;
  $("bars").dataset.empty = t("bars.empty");
  drawBars($("bars"), shown, (one) => (one.distance === null ? "–" : format(one.distance)), best);
  const strangeness = answer?.state === "stale" ? null : answer?.strangeness ?? null;
  $("strange").hidden = $("strange-title").hidden = strangeness === null;
  if (strangeness !== null) drawBars($("strange"), [{ label: t("answer.unknown"), score: Math.min(1, strangeness / 2) }], () => format(strangeness), answer.state === "unknown" ? t("answer.unknown") : null, 0.5);
  $("no-unknown").hidden = lesson.says_unknown || lesson.classes.length === 0;
}

// ---- one picture ----
let opened = null;
function openPicture(shot) {
  opened = shot;
  $("picture-large").hidden = !shot.picture;
  if (shot.picture) $("picture-large").src = pictureAddress(shot);
  listClasses();
  $("picture-dialog").showModal();
}

// The classes it can be given to; it may be moved or removed on another page while it is open.
function listClasses() {
  const groups = [...lesson.classes, { id: null, label: t("teach.unlabelled"), ...lesson.unlabelled }];
  const own = groups.find((one) => one.shots.some((shot) => shot.id === opened.id));
  if (!own) return $("picture-dialog").close();
  const options = groups.map((one) => {
    const option = new Option(one.label, String(one.id));
    option.selected = one === own;
    return option;
  });
  $("picture-class").replaceChildren(...options);
}
$("picture-class").addEventListener("change", (event) => {
  const id = event.target.value;
  act("/api/lesson/move-picture", { shot_id: opened.id, class_id: id === "null" ? null : Number(id) });
  $("picture-dialog").close();
});
$("picture-remove").addEventListener("click", () => {
  act("/api/lesson/remove-picture", { shot_id: opened.id });
  $("picture-dialog").close();
});

// ---- files ----
function dropTarget(element, classId) {
  element.addEventListener("dragover", (event) => event.preventDefault());
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    event.stopPropagation();
    upload([...event.dataTransfer.files], classId);
  });
}
async function upload(files, classId) {
  let to = classId === undefined ? "new" : classId === null ? "unlabelled" : String(classId);
  for (const file of files) {
    const reply = await act("/api/lesson/upload", file, { quiet: files.length > 1, query: { to } });
    if (!reply) return;
    if (to === "new") to = String(reply.values.class_id);
  }
}
$("from-files").addEventListener("click", () => $("picture-files").click());
$("picture-files").addEventListener("change", (event) => { upload([...event.target.files]); event.target.value = ""; });
$("load").addEventListener("click", () => $("load-file").click());
$("load-file").addEventListener("change", (event) => {
  const [file] = event.target.files;
  if (file) act("/api/lesson/load", file);
  event.target.value = "";
});

$("teach-dataset").addEventListener("click", async () => {
  $("teach-dataset").disabled = true;
  toast(t("teach.looking"));
  await act("/api/lesson/teach-dataset");
  $("teach-dataset").disabled = false;
});
$("save-model").addEventListener("click", async () => {
  const reply = await act("/api/lesson/save", {}, { quiet: true });
  if (reply) location.assign(`/deploy?model=${encodeURIComponent(reply.values.name)}`);
});

// ---- the toolbar ----
$("add-class").addEventListener("click", addClass);
$("learn").addEventListener("click", learn);
holdable($("add-sample"), sample(null));
$("auto-learn").addEventListener("change", (event) => act("/api/lesson/auto-learn", { on: event.target.checked }));
$("clear").addEventListener("click", () => {
  setText($("clear-text"), t("teach.clear_text", { classes: t("count.classes", { n: lesson.classes.length }), samples: t("count.pictures", { n: lesson.classes.length + lesson.samples }) }));
  $("clear-dialog").showModal();
});
$("clear-dialog").addEventListener("close", (event) => {
  if (event.target.returnValue === "yes") act("/api/lesson/clear", {});
  event.target.returnValue = "";
});

const menu = $("menu");
function toggleMenu(open) {
  menu.hidden = !open;
  $("more").setAttribute("aria-expanded", String(open));
  if (open) menu.querySelector('[role="menuitem"]:not([hidden])').focus();
}
$("more").addEventListener("click", () => toggleMenu(menu.hidden));
menu.addEventListener("click", () => toggleMenu(false));
menu.addEventListener("keydown", (event) => {
  const items = [...menu.querySelectorAll('[role="menuitem"]:not([hidden])')];
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) { event.preventDefault(); items.at((items.indexOf(document.activeElement) + step) % items.length).focus(); }
  if (event.key === "Escape") { toggleMenu(false); $("more").focus(); }
});
document.addEventListener("pointerdown", (event) => {
  if (!menu.hidden && !event.target.closest("#menu, #more")) toggleMenu(false);
});

// ---- the keyboard ----
document.addEventListener("keydown", (event) => {
  if (typedAhead === null || event.key.length > 1 || event.ctrlKey || event.metaKey || event.altKey) return;
  typedAhead += event.key;
  event.preventDefault();
  event.stopImmediatePropagation();
}, { capture: true });
keys(
  { c: addClass, l: learn, u: undo, " ": () => hold($("add-sample"), sample(null)) },
  release,
  (n) => {
    const id = lesson.classes[n - 1]?.id;
    if (id !== undefined) hold(document.querySelector(`.card[data-id="${id}"] .hold`), sample(id));
  },
);

$("use-own").addEventListener("click", () => useOwn());
canUseOwn().then((can) => { $("use-own").hidden = !can || isSending(); });
socket.want({ video: true, answers: "taught" });
socket.connect();
