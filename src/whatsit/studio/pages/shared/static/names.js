// How labels and splits are called on the page; the folder of pictures without a label has a name of its own.
import { t } from "./messages.js";

export const UNLABELLED = "_unlabelled";
export const labelName = (label) => (label === UNLABELLED ? t("dataset.unlabelled") : label);
export const splitName = (split) => t(`split.${split}`);
export const tileAddress = (id) => `/dataset/tile/${id}.jpg`;
export const largeAddress = (id) => `/dataset/large/${id}.jpg`;
export const figure = new Intl.NumberFormat(document.documentElement.lang);
