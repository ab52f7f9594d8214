// The display of a program: draws the newest picture, sends where it is touched, by mouse, finger or keyboard.
const WORDS = {
  en: { screen: "The program's display", waiting: "Waiting for the program's first picture …", running: "Running", gone: "The program has ended, or this page lost it.", exit: "Exit the program", leaving: "Asked the program to end …", hint: "Touch with the mouse or a finger. Keys on the display: arrows move, space touches." },
  zh: { screen: "程序的显示屏", waiting: "正在等待程序的第一幅画面……", running: "运行中", gone: "程序已结束，或此页面与它失去了联系。", exit: "退出程序", leaving: "已请求程序退出……", hint: "用鼠标或手指触摸。在显示屏上：方向键移动，空格键触摸。" },
};
const language = navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
const words = WORDS[language];
const STEP = 8;
const $ = (id) => document.getElementById(id);
const canvas = $("screen");
const context = canvas.getContext("2d");

document.documentElement.lang = language;
canvas.setAttribute("aria-label", words.screen);
$("exit").textContent = words.exit;
$("hint").textContent = words.hint;
const say = (text) => { if ($("said").textContent !== text) $("said").textContent = text; };
say(words.waiting);

const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/socket`);
socket.binaryType = "blob";
let at = null;
let leaving = false;

socket.addEventListener("message", async ({ data }) => {
  if (typeof data === "string") {
    const { width, height } = JSON.parse(data);
    Object.assign(canvas, { width, height });
    document.documentElement.style.setProperty("--shape", width / height);
    at = [Math.floor(width / 2), Math.floor(height / 2)];
    return;
  }
  const picture = await createImageBitmap(data);
  context.drawImage(picture, 0, 0);
  picture.close();
  if (shown) cross();
  if (!leaving) say(words.running);
  socket.send("drawn");
});
socket.addEventListener("close", () => {
  say(words.gone);
  $("exit").disabled = true;
});

// ---- touching ----
function touch(x, y, pressed) {
  if (!at) return;
  at = [Math.max(0, Math.min(canvas.width - 1, Math.round(x))), Math.max(0, Math.min(canvas.height - 1, Math.round(y)))];
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify([...at, pressed]));
}
function place(event) {
  const box = canvas.getBoundingClientRect();
  return [((event.clientX - box.left) * canvas.width) / box.width, ((event.clientY - box.top) * canvas.height) / box.height];
}
canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  shown = false;
  touch(...place(event), true);
});
canvas.addEventListener("pointermove", (event) => { if (canvas.hasPointerCapture(event.pointerId)) touch(...place(event), true); });
for (const kind of ["pointerup", "pointercancel"]) canvas.addEventListener(kind, (event) => touch(...place(event), false));

// ---- the keyboard's finger ----
let shown = false;
let held = false;
function cross() {
  const [x, y] = at;
  for (const [colour, width] of [["#000", 4], ["#fff", 2]]) {
    Object.assign(context, { strokeStyle: colour, lineWidth: width });
    context.beginPath();
    context.moveTo(x - 10, y);
    context.lineTo(x + 10, y);
    context.moveTo(x, y - 10);
    context.lineTo(x, y + 10);
    context.stroke();
  }
}
canvas.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key];
  if (step) {
    event.preventDefault();
    shown = true;
    touch(at[0] + step[0], at[1] + step[1], held);
  } else if (event.key === " " || event.key === "Enter") {
    event.preventDefault();
    shown = true;
    if (!held) touch(...at, (held = true));
  }
});
function letGo() {
  if (held) touch(...at, (held = false));
}
canvas.addEventListener("keyup", (event) => { if (event.key === " " || event.key === "Enter") letGo(); });
canvas.addEventListener("blur", letGo);

$("exit").addEventListener("click", async () => {
  leaving = true;
  say(words.leaving);
  await fetch("api/exit", { method: "POST" });
});
