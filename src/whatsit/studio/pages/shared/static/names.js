// How labels and splits are called on the page; the folder of pictures without a label has a name of its own.
import { t } from "./messages.js";

export const UNLABELLED = "_unlabelled";
export const labelName = (label) => (label === UNLABELLED ? t("dataset.unlabelled") : label);
export const splitName = (split) => t(`split.${split}`);
export const tileAddress = (id) => `/dataset/tile/${id}.jpg`;
export const largeAddress = (id) => `/dataset/large/${id}.jpg`;
export const figure = new Intl.NumberFormat(document.documentElement.lang);

export async function get(path, query = {}) {
  const asked = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== ""));
  const response = await fetch(`${path}?${asked}`).catch(() => { throw new Error(t("error.offline")); });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error ? t("error.device", { reason: answer.error }) : t("error.status", { status: response.status }));
  return answer;
}
