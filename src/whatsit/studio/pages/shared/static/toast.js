// Short messages at the bottom of the page, read out by screen readers; over an open dialog, inside it, because nothing
// outside can be seen or read there.
const place = document.getElementById("toasts");
const home = place.parentElement;

export function toast(text, kind = "") {
  const dialog = document.querySelector("dialog[open]") ?? home;
  if (place.parentElement !== dialog) dialog.append(place);
  const note = document.createElement("div");
  note.className = `toast ${kind}`;
  note.textContent = text;
  place.replaceChildren(note);
  setTimeout(() => note.remove(), kind === "bad" ? 7000 : 3200);
}

// Take away what was said, where it does not hold any more.
export const hush = () => place.replaceChildren();

// What is said as a dialog closes stays on the page.
document.addEventListener("close", (event) => { if (event.target.contains(place)) home.append(place); }, { capture: true });
