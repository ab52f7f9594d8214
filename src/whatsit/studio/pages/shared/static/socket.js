// The tab's one WebSocket: JSON and JPEG both ways, back by itself after the server was away.
const listeners = new Map();
let socket = null;
let wishes = {};
let delay = 300;
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
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`);
  socket.binaryType = "blob";
  socket.addEventListener("open", () => {
    delay = 300;
    document.body.classList.remove("offline");
    socket.send(JSON.stringify(wishes));
  });
  socket.addEventListener("message", ({ data }) => {
    if (data instanceof Blob) return tell("frame", data);
    const message = JSON.parse(data);
    if (message.kind === "hello") tab = message.tab;
    tell(message.kind, message);
  });
  socket.addEventListener("close", () => {
    document.body.classList.add("offline");
    tell("closed", null);
    setTimeout(connect, delay);
    delay = Math.min(delay * 1.6, 4000);
  });
}
