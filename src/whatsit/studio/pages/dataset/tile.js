// One picture on the wall.
import { t } from "../messages.js";
import { labelName, splitName, tileAddress } from "../names.js";

export function makeTile(index) {
  const tile = document.createElement("div");
  tile.className = "tile";
  tile.id = `tile-${index}`;
  tile.dataset.index = String(index);
  tile.setAttribute("role", "option");
  tile.setAttribute("aria-posinset", String(index + 1));
  tile.innerHTML = '<img alt="" draggable="false" decoding="async"><span class="tick" aria-hidden="true"><svg viewBox="0 0 24 24"><path d="M6 12.5l4 4 8-9"/></svg></span><span class="caption"><i class="split"></i><span></span></span>';
  tile.querySelector(".tick").title = t("selection.toggle");
  return tile;
}

// Shows a row, or that it is on its way; in a hurry the picture itself is not fetched.
export function fillTile(tile, row, hurry) {
  tile.classList.toggle("coming", !row);
  if (!row) return;
  const [image, , caption] = tile.children;
  tile.classList.toggle("broken", row.error !== "");
  if (tile.dataset.key !== row.key) {
    tile.dataset.key = row.key;
    tile.title = row.error;
  }
  if (caption.dataset.label !== row.label) {
    caption.dataset.label = row.label;
    caption.lastElementChild.textContent = labelName(row.label);
  }
  caption.firstElementChild.dataset.split = row.split;
  tile.setAttribute("aria-label", `${labelName(row.label)}, ${splitName(row.split)}, ${row.key.split("/").pop()}`);
  if (hurry || row.error) return;
  const address = tileAddress(row.id);
  if (image.getAttribute("src") !== address) image.src = address;
}

export function removeTile(tile) {
  tile.querySelector("img").removeAttribute("src"); // stops fetching it
  tile.remove();
}
