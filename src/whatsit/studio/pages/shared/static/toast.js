// Short messages at the bottom of the page, read out by screen readers.
const place = document.getElementById("toasts");

export function toast(text, kind = "") {
  const note = document.createElement("div");
  note.className = `toast ${kind}`;
  note.textContent = text;
  place.replaceChildren(note);
  setTimeout(() => note.remove(), kind === "bad" ? 7000 : 3200);
}
