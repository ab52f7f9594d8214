// Undo, on every page that has the button the same: it undoes the latest edit of the dataset, on whatever page that was
// made, and says which one that is.
import { t } from "./messages.js";
import { figure, labelName, splitName } from "./names.js";
import { act } from "./requests.js";
import * as socket from "./socket.js";
import { toast } from "./toast.js";

const button = document.getElementById("undo");

function words({ edit, n, label, to, what }) {
  const target = edit === "move" ? splitName(to) : labelName(to);
  return t(`edit.${edit}`, { n, figure: figure.format(n), label: labelName(label), to: target, what });
}

export async function undo() {
  const reply = await act("/api/dataset/undo", {}, { quiet: true });
  if (!reply) return;
  const { edit, gone } = reply.values;
  if (!edit) return toast(t("done.nothing_to_undo"));
  const text = t("undo.done", { what: words(edit) });
  toast(gone ? t("done.both", { text, lost: t("done.gone", { n: gone }) }) : text);
}

socket.on("undo", ({ edit }) => {
  button.disabled = !edit;
  button.title = edit ? t("undo.what", { what: words(edit) }) : "";
  document.getElementById("undo-what").textContent = edit ? words(edit) : "";
});
button.addEventListener("click", undo);
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.key.toLowerCase() !== "z") return;
  if (document.activeElement.matches("input:not([type=checkbox]), textarea, select") || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  undo();
});
