// Keys of a page: nothing while someone types, in a dialog, or with Ctrl, Alt or Cmd.
export function busy(event) {
  const focus = document.activeElement;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.querySelector("dialog[open]")) return true;
  if (focus.matches('input:not([type="checkbox"], [type="range"]), select, textarea')) return true;
  // A control reached with Tab keeps the space bar to itself.
  return event.key === " " && focus.matches(":is(button, a, input):focus-visible");
}

// `pressed` maps a key to what it does; `digit(n)` gets 1 to 9; `released` ends what a held key began.
export function keys(pressed, released = () => {}, digit = null) {
  document.addEventListener("keydown", (event) => {
    if (busy(event)) return;
    const key = event.key.toLowerCase();
    const action = pressed[key] ?? (digit && /^[1-9]$/.test(key) ? () => digit(Number(key)) : null);
    if (!action) return;
    event.preventDefault();
    if (!event.repeat) action();
  });
  document.addEventListener("keyup", (event) => { if (/^[1-9 ]$/.test(event.key)) released(); });
  // After a click with the mouse the space bar is the page's again, not the button's just pressed.
  document.addEventListener("pointerup", () => setTimeout(() => {
    if (document.activeElement?.matches("button:not(:focus-visible)")) document.activeElement.blur();
  }));
}
