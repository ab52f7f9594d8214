// Pictures of the dataset by their content: small in lists, large in a dialog; one deleted since is said to be gone.
import { percent } from "../axes.js";
import { t } from "../messages.js";
import { largeAddress, tileAddress } from "../names.js";

const $ = (id) => document.getElementById(id);

export function pictureOf(id, alt) {
  const image = Object.assign(document.createElement("img"), { alt, loading: "lazy", decoding: "async", width: 144, height: 144 });
  image.addEventListener("error", () => { image.classList.add("gone"); image.alt = t("test.gone"); image.removeAttribute("src"); }, { once: true });
  image.src = tileAddress(id);
  return image;
}

export function pictureButton(id, alt, open) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "shot" });
  button.append(pictureOf(id, alt));
  button.addEventListener("click", open);
  return button;
}

export function openPicture({ id, label, predicted, score, unknown }) {
  $("picture-title").textContent = label === predicted ? label : t("test.cell_title_wrong", { label, predicted });
  $("picture-large").src = largeAddress(id);
  $("picture-large").alt = label;
  $("picture-text").textContent = t(unknown ? "test.score_unknown" : "test.score", { predicted, score: percent(0)(score) });
  $("picture-dialog").showModal();
}
