// Designs and their choices as text.
import { t } from "./messages.js";

export const isFile = (backbone) => /\.(tflite|lite)$/i.test(backbone);
const backboneName = (backbone) => (isFile(backbone) ? backbone.split(/[\\/]/).at(-1) : t(`backbone.${backbone}`));

// A design in a few words, for lists.
export function words(design) {
  if (!design) return t("design.unknown");
  const parts = [design.way === "scratch" ? t("design.way.scratch") : backboneName(design.backbone)];
  if (design.blocks) parts[0] += ` (${t("design.first_blocks", { n: design.blocks, figure: design.blocks })})`;
  if (design.way === "scratch" || !isFile(design.backbone)) parts.push(`${design.size} px`);
  if (design.way === "fine-tune") parts.push(t("design.way.fine-tune"));
  parts.push(t(`fit.${design.fit}`));
  if (design.colour !== "rgb") parts.push(t(`colour.${design.colour}`));
  if (design.hidden) parts.push(t("design.hidden_words", { n: design.hidden, figure: design.hidden }));
  return parts.join(" · ");
}

// One choice as text, for the comparison.
export function wordsOf(key, value) {
  if (value === undefined || value === null) return key === "blocks" || key === "unfrozen_blocks" ? t("design.all") : t("design.usual");
  if (key === "way") return t(`design.way.${value}`);
  if (key === "backbone") return backboneName(value);
  if (key === "fit") return t(`fit.${value}`);
  if (key === "colour") return t(`colour.${value}`);
  if (key === "augmentation") return value.length ? value.map((one) => t(`augment.${one}`)).join(t("list.comma")) : t("design.none");
  if (typeof value === "boolean") return t(value ? "yes" : "no");
  return String(value);
}
