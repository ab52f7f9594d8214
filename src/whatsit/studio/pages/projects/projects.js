// Projects: those of the folder that the studio was started with. Opening one closes the other; the page follows when
// the studio is back.
import { t } from "../messages.js";
import { act, get } from "../requests.js";
import * as socket from "../socket.js";
import { toast } from "../toast.js";

const $ = (id) => document.getElementById(id);

function row(name, open, choosable) {
  const item = document.createElement("li");
  const button = Object.assign(document.createElement("button"), { type: "button", className: "choice", textContent: name, disabled: !choosable });
  button.setAttribute("aria-pressed", String(open));
  if (!open) button.addEventListener("click", () => act("/api/projects/open", { name }));
  item.append(button);
  return item;
}

async function look() {
  const { names, open, choosable, problem } = await get("/api/projects");
  $("projects").replaceChildren(...names.map((name) => row(name, name === open, choosable)));
  $("make").hidden = !choosable;
  $("single").hidden = choosable;
  $("problem").hidden = !problem;
  $("problem").textContent = problem && t("error.device", { reason: problem });
}

$("make").addEventListener("submit", (event) => {
  event.preventDefault();
  const name = $("name").value.trim();
  if (name) act("/api/projects/make", { name });
});
socket.on("hello", () => look().catch((error) => toast(error.message, "bad")));
socket.connect();
