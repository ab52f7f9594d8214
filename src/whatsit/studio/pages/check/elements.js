// Elements of one line.
export function button(text, look, action) {
  const one = document.createElement("button");
  one.type = "button";
  one.className = look;
  one.textContent = text;
  one.addEventListener("click", action);
  return one;
}

export function line(kind, text, look = "") {
  const one = document.createElement(kind);
  one.className = look;
  one.textContent = text;
  return one;
}
