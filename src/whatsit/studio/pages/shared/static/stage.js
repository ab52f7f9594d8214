// The live picture, the answer on it, and the choice of camera; the same on every page that looks.
import { t } from "./messages.js";
import * as own from "./own_camera.js";
import "./region.js";
import { act, get, post } from "./requests.js";
import * as socket from "./socket.js";
import { toast } from "./toast.js";

const $ = (id) => document.getElementById(id);
const view = $("view");
const picture = $("picture");
const video = $("own");
let camera = null;
let sending = false;
let giving = 0; // how often this page is just now giving the server its camera
let shownUrl = null;
const OWN_ADDRESS = "browser:"; // what this page's own camera is called at the server

// ---- the picture ----
function shape(width, height) {
  if (!width || !height) return;
  view.style.setProperty("--shape", `${width} / ${height}`);
  view.classList.toggle("tall", height > width);
  $("waiting").hidden = true;
}

socket.on("frame", (blob) => {
  if (sending) return;
  const url = URL.createObjectURL(blob);
  picture.onload = () => {
    if (shownUrl) URL.revokeObjectURL(shownUrl);
    shownUrl = url;
    picture.hidden = false;
    shape(picture.naturalWidth, picture.naturalHeight);
  };
  picture.onerror = () => URL.revokeObjectURL(url);
  picture.src = url;
});
video.addEventListener("resize", () => shape(video.videoWidth, video.videoHeight));

export function flash() {
  view.classList.remove("flash");
  void view.offsetWidth;
  view.classList.add("flash");
}

// ---- the answer ----
const spoken = { text: "", said: "", at: 0 };

export function showAnswer(answer) {
  if (!$("answer")) return;
  const box = $("answer");
  box.dataset.state = answer.state;
  const away = answer.distance === null ? "" : t("answer.distance", { distance: format(answer.distance) });
  const nearest = answer.label ?? "";
  let title = nearest;
  let detail = away || t("answer.score", { score: percent(answer.score) });
  if (answer.state === "unknown") {
    title = t("answer.unknown");
    detail = t("answer.nearest", { label: nearest }) + (away ? ` · ${away}` : "");
  } else if (answer.state === "uncertain") {
    title = t("answer.uncertain", { label: nearest });
  } else if (answer.state === "stale") {
    title = t("answer.stale");
    detail = "";
  }
  setText($("answer-label"), title);
  setText($("answer-detail"), detail);
  const measured = answer.strangeness === null ? "" : t("why.strangeness", { strangeness: format(answer.strangeness) });
  const reason = answer.unknown_by ? t(`why.rule.${answer.unknown_by}`) : "";
  box.title = [reason, measured].filter(Boolean).join(". ");
  say(answer.state === "nothing" ? "" : title);
}

function say(text) {
  const now = performance.now();
  if (text !== spoken.text) Object.assign(spoken, { text, at: now });
  // Only what has stayed the same for a moment is read out.
  if (text !== spoken.said && now - spoken.at > 900) {
    spoken.said = text;
    $("spoken").textContent = text;
  }
}

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
export const percent = (score) => `${Math.round(score * 100)} %`;
export const format = (distance) => (distance >= 100 ? distance.toFixed(0) : distance.toFixed(distance >= 10 ? 1 : 2));

// ---- the camera ----
socket.on("camera", async (message) => {
  camera = message;
  const mine = message.fed_by_page && message.sender === socket.tab;
  // While this page is giving the server its camera, the server still tells of the one it has.
  if (!mine && sending && !giving) {
    own.stop();
    sending = false;
    video.hidden = true;
  }
  if (!message.fed_by_page && !giving) remember(null);
  setText($("camera-name"), cameraName(message));
  drawScene(message);
  const lost = message.state === "lost" || message.state === "failed";
  view.classList.toggle("lost", lost);
  if (lost) $("waiting").hidden = false; // over the last picture; the next one takes it away
  setText($("waiting"), message.error ? t("error.device", { reason: message.error }) : t("stage.waiting"));
});

socket.on("hello", () => {
  const device = remembered();
  if (device !== null && own.possible()) useOwn(device, { quiet: true });
});

function cameraName(message) {
  if (message.fed_by_page) return message.sender === socket.tab ? t("camera.own") : t("camera.other_page");
  return translated(t(`camera.kind.${message.scheme}`)) ?? message.uri;
}

// Some kinds of camera have words in every language; the others are called what the server says.
const translated = (text) => (text.startsWith("camera.kind.") ? null : text);

function drawScene(message) {
  const box = $("scene");
  box.hidden = message.objects.length === 0;
  box.replaceChildren(...[null, ...message.objects].map((name) => {
    const chip = document.createElement("button");
    chip.type = "button";
    chip.className = "chip";
    chip.textContent = name === null ? t("camera.in_turn") : t(`scene.${name}`);
    chip.setAttribute("aria-pressed", String(message.showing === name));
    chip.addEventListener("click", () => act("/api/camera/show", { name }, { quiet: true }));
    return chip;
  }));
  const pressed = box.querySelector('[aria-pressed="true"]');
  if (pressed) box.scrollTo({ left: pressed.offsetLeft - box.offsetLeft - 60 });
}

const remembered = () => sessionStorage.getItem("own-camera");
function remember(device) {
  if (device === null) sessionStorage.removeItem("own-camera");
  else sessionStorage.setItem("own-camera", device);
}

export async function useOwn(device = "", { quiet = false } = {}) {
  giving += 1;
  try {
    const used = await own.start(video, device || undefined, lostOwn);
    await post("/api/camera", { uri: OWN_ADDRESS, tab: socket.tab });
    sending = true;
    remember(used ?? "");
    picture.hidden = true;
    video.hidden = false;
    shape(video.videoWidth, video.videoHeight);
  } catch (error) {
    own.stop();
    sending = false;
    video.hidden = true;
    remember(null);
    if (!quiet) toast(reason(error), "bad");
  } finally {
    giving -= 1;
  }
}

function lostOwn() {
  sending = false;
  video.hidden = true;
  $("waiting").hidden = false;
  toast(t("camera.lost"), "bad");
}

function reason(error) {
  if (error.name === "NotAllowedError") return t("camera.refused");
  if (error.name === "NotFoundError" || error.name === "OverconstrainedError") return t("camera.none");
  if (error.name === "NotReadableError") return t("camera.busy");
  return error.message;
}

// ---- the chooser ----
$("camera-button").addEventListener("click", async () => {
  $("camera-insecure").hidden = own.possible();
  const list = $("camera-choices");
  list.replaceChildren();
  const current = camera?.uri;
  const found = await own.devices();
  const { found: wired, examples } = await get("/api/cameras").catch(() => ({ found: [], examples: [] }));
  const mine = camera?.fed_by_page && camera.sender === socket.tab;
  if (own.possible()) {
    const named = found.filter((device) => device.label);
    if (named.length > 1) {
      for (const device of named) {
        list.append(choice(device.label, t("camera.own_hint"), mine && remembered() === device.deviceId, () => useOwn(device.deviceId)));
      }
    } else {
      list.append(choice(t("camera.own"), named[0]?.label ?? t("camera.own_hint"), mine, () => useOwn()));
    }
  }
  let listed = Boolean(camera?.fed_by_page);
  for (const one of wired) {
    const used = one.device ? current === one.uri : camera?.scheme === one.scheme;
    listed ||= used;
    const title = translated(t(`camera.kind.${one.scheme}`)) ?? one.name;
    const hint = translated(t(`camera.kind.${one.scheme}.hint`)) ?? one.uri;
    list.append(choice(title, hint, used, () => act("/api/camera", { uri: one.uri }, { quiet: true })));
  }
  $("camera-address").value = listed ? "" : current ?? "";
  $("camera-address").placeholder = examples.join("   ");
  $("camera-dialog").showModal();
});

function choice(title, hint, pressed, choose) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "choice";
  button.setAttribute("aria-pressed", String(Boolean(pressed)));
  const text = document.createElement("span");
  text.append(title);
  const small = document.createElement("small");
  small.textContent = hint;
  text.append(small);
  button.append(text);
  button.addEventListener("click", () => { $("camera-dialog").close(); choose(); });
  return button;
}

async function openAddress() {
  const uri = $("camera-address").value.trim();
  if (!uri) return $("camera-address").focus();
  if (await act("/api/camera", { uri }, { quiet: true })) $("camera-dialog").close();
}
$("camera-open").addEventListener("click", openAddress);
$("camera-address").addEventListener("keydown", (event) => {
  if (event.key === "Enter") { event.preventDefault(); openAddress(); }
});

export function canUseOwn() {
  return own.possible() ? own.devices().then((found) => found.length > 0) : Promise.resolve(false);
}
export const isSending = () => sending;
