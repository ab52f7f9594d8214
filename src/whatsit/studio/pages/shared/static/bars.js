// Every class as a bar: its length is the score, the number beside it is what the page asks for.
import { setText } from "./stage.js";

// `limit`, 0 to 1, is marked on each bar: an answer counts from there on.
export function drawBars(list, classes, number, best, limit = null) {
  list.classList.toggle("limited", limit !== null);
  if (limit !== null) list.style.setProperty("--limit", limit);
  while (list.children.length > classes.length) list.lastElementChild.remove();
  while (list.children.length < classes.length) list.append(row());
  classes.forEach((one, place) => {
    const line = list.children[place];
    const [name, rail, value] = line.children;
    setText(name, one.label);
    name.title = one.label;
    rail.firstElementChild.style.setProperty("--part", one.score.toFixed(3));
    setText(value, number(one));
    line.classList.toggle("best", one.label === best);
  });
}

function row() {
  const line = document.createElement("li");
  line.className = "bar";
  line.innerHTML = '<span class="name"></span><span class="rail" aria-hidden="true"><span class="fill"></span></span><span class="number"></span>';
  return line;
}
