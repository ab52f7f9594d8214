// How much longer something takes, from how far it came since this page first saw it.
import { t } from "./messages.js";

const FIRST = 3; // seconds that are watched before anything is said

export function seconds(value) {
  if (value < 60) return t("time.seconds", { n: value, figure: value });
  return t("time.minutes", { minutes: Math.floor(value / 60), seconds: String(value % 60).padStart(2, "0") });
}

// `left(what, share)` is a text, empty while too little is known; `what` tells one piece of work from the next.
export function watchTime() {
  let seen = null;
  return (what, share) => {
    const now = performance.now() / 1000;
    if (!seen || seen.what !== what || share < seen.share) seen = { what, share, from: share, at: now };
    seen.share = share;
    const gone = now - seen.at, done = share - seen.from;
    if (gone < FIRST || done <= 0 || share >= 1) return "";
    const left = (gone * (1 - share)) / done;
    return t("time.left", { time: seconds(left < 60 ? Math.max(5, Math.ceil(left / 5) * 5) : Math.ceil(left / 30) * 30) });
  };
}
