// How labels and splits are called on the page; the folders of pictures of no class have names of their own.
import { t } from "./messages.js";

export const UNLABELLED = "_unlabelled";
export const STRANGERS = "_strangers";
export const isClass = (label) => label !== UNLABELLED && label !== STRANGERS;
export function labelName(label) {
  if (label === UNLABELLED) return t("dataset.unlabelled");
  return label === STRANGERS ? t("dataset.strangers") : label;
}
export const splitName = (split) => t(`split.${split}`);
export const tileAddress = (id) => `/dataset/tile/${id}.jpg`;
export const largeAddress = (id) => `/dataset/large/${id}.jpg`;
export const figure = new Intl.NumberFormat(document.documentElement.lang);
