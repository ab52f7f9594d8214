// Which classes cannot be validated or tested, said before anything is made of them, and the way out.
import { t } from "./messages.js";
import { act, get } from "./requests.js";
import * as socket from "./socket.js";

const $ = (id) => document.getElementById(id);
const NAMED = 6;
let lacking = [];

const names = (labels) => labels.slice(0, NAMED).join(t("list.comma")) + (labels.length > NAMED ? " …" : "");

async function look() {
  const { needs } = await get("/api/splits");
  const lines = needs.flatMap(({ split, none, few, fewest }) => [
    none.length ? t(split === "test" ? "splits.untested" : "splits.unvalidated", { labels: names(none) }) : "",
    few.length ? t(split === "test" ? "splits.few_tested" : "splits.few_validated", { labels: names(few), fewest }) : "",
  ]).filter(Boolean);
  $("splits").hidden = lines.length === 0;
  $("splits-needs").replaceChildren(...lines.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
  $("splits-lacking").hidden = $("splits-collect").hidden = lacking.length === 0;
  $("splits-lacking").textContent = t("splits.alike", { labels: names(lacking) });
}

$("hold-out").addEventListener("click", async () => {
  const reply = await act("/api/splits/hold-out");
  if (!reply) return;
  ({ lacking } = reply.values);
  await look().catch(() => {});
});
socket.on("dataset", () => look().catch(() => {}));
