// This device's camera: shown here at full rate, sent to the server as JPEG, one frame under way at a time.
import { on, send } from "./socket.js";

const WIDTH = 640;
const INTERVAL = 50;
const canvas = document.createElement("canvas");
let stream = null;
let video = null;
let underWay = false;
let last = 0;

export const possible = () => Boolean(navigator.mediaDevices?.getUserMedia);

export async function devices() {
  if (!possible()) return [];
  return (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === "videoinput");
}

// `lost` is called when the camera goes away by itself, as when it is unplugged.
export async function start(element, device, lost) {
  stop();
  const choice = device ? { deviceId: { exact: device } } : { facingMode: { ideal: "environment" } };
  stream = await navigator.mediaDevices.getUserMedia({
    video: { ...choice, width: { ideal: 640 }, height: { ideal: 480 } },
    audio: false,
  });
  const mine = stream;
  stream.getVideoTracks()[0].addEventListener("ended", () => { if (stream === mine) { stop(); lost(); } });
  video = element;
  video.srcObject = stream;
  const settings = stream.getVideoTracks()[0].getSettings();
  // Mirror the display, never the data: only a camera that faces away shows left as left.
  video.classList.toggle("mirrored", settings.facingMode !== "environment");
  await video.play();
  underWay = false;
  tick();
  return settings.deviceId;
}

export function stop() {
  stream?.getTracks().forEach((track) => track.stop());
  if (video) video.srcObject = null;
  stream = video = null;
}

on("taken", () => { underWay = false; });
on("closed", () => { underWay = false; });

function tick() {
  if (!stream) return;
  const mine = stream;
  const wait = Math.max(0, INTERVAL - (performance.now() - last));
  setTimeout(() => {
    if (stream !== mine) return;
    if (underWay || !video.videoWidth) return tick();
    last = performance.now();
    const scale = Math.min(1, WIDTH / video.videoWidth);
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    canvas.getContext("2d", { alpha: false }).drawImage(video, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => {
      if (stream === mine && blob && send(blob)) underWay = true;
      tick();
    }, "image/jpeg", 0.85);
  }, wait || 5);
}
