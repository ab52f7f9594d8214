// The tab's one WebSocket: JSON and JPEG both ways, back by itself after the server was away.
const listeners = new Map();
let socket = null;
let wishes = {};
let delay = 300;
let heard = 0;
const BEAT = 4000; // milliseconds; without any message for three of them the server counts as gone
export let tab = null;

export function on(kind, listener) {
  if (!listeners.has(kind)) listeners.set(kind, []);
  listeners.get(kind).push(listener);
}

export function tell(kind, message) {
  for (const listener of listeners.get(kind) ?? []) listener(message);
}

export function want(more) {
  wishes = { ...wishes, ...more };
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(wishes));
}

export function send(blob) {
  if (socket?.readyState !== WebSocket.OPEN) return false;
  socket.send(blob);
  return true;
}

export function connect() {
  const mine = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`);
  socket = mine;
  mine.binaryType = "blob";
  mine.addEventListener("open", () => {
    delay = 300;
    heard = performance.now();
    offline(false);
    mine.send(JSON.stringify(wishes));
  });
  mine.addEventListener("message", ({ data }) => {
    if (socket !== mine) return;
    heard = performance.now();
    if (data instanceof Blob) return tell("frame", data);
    const message = JSON.parse(data);
    if (message.kind === "hello") {
      tab = message.tab;
      if (message.project !== document.documentElement.dataset.folder) return location.reload();
    }
    tell(message.kind, message);
  });
  mine.addEventListener("close", () => { if (socket === mine) lose(); });
}

function lose() {
  socket = null;
  offline(true);
  tell("closed", null);
  setTimeout(connect, delay);
  delay = Math.min(delay * 1.6, 4000);
}

function offline(is) {
  document.body.classList.toggle("offline", is);
  const notice = document.getElementById("gone");
  if (notice.hidden !== !is) notice.hidden = !is;
  // Over a dialog too, which covers everything that is not inside it.
  (document.querySelector("dialog[open]") ?? document.body).append(notice);
}
document.addEventListener("close", () => document.body.append(document.getElementById("gone")), { capture: true });

// A connection that went without a word, as when the Wi-Fi does, closes only after minutes: every beat asks, and the
// server answers.
let asked = performance.now();
setInterval(() => {
  const now = performance.now(), slept = now - asked > 2 * BEAT;
  asked = now;
  if (socket?.readyState !== WebSocket.OPEN || document.hidden || slept) heard = now;
  else if (now - heard <= 3 * BEAT) socket.send(JSON.stringify(wishes));
  else {
    socket.close(); // says that it is closed only after minutes, too
    lose();
  }
}, BEAT);
