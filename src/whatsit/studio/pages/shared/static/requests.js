// Requests to the server. A route is written as a literal at the call, so that a test can hold the fields that are sent
// and read there to the server's types; an identifier in its path is put in with `${…}`.
import { outcome, t } from "./messages.js";
import { toast } from "./toast.js";

// What cannot be asked for: parameters that are null, undefined or empty are left out.
const withQuery = (route, query) => {
  const asked = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== ""));
  return asked.size ? `${route}?${asked}` : route;
};

// Why the server refused; a setting is called as the page calls it.
function reason({ error = "", field, value, expected }) {
  if (field && t(`design.${field}`) !== `design.${field}`) return t("error.setting", { name: t(`design.${field}`), value, expected });
  return error.trim() && t("error.device", { reason: error.trim() });
}

async function ask(address, options) {
  const response = await fetch(address, options).catch(() => { throw new Error(t("error.offline")); });
  const text = await response.text();
  if (response.ok) return JSON.parse(text);
  let found = {};
  try { found = JSON.parse(text); } catch { found = { error: text }; }
  throw Object.assign(new Error(reason(found) || t("error.status", { status: response.status })), { field: found.field });
}

// Reads. `query` becomes the address's parameters.
export const get = (route, query = {}) => ask(withQuery(route, query), {});

// Changes something. `body` is an object, sent as JSON, or a Blob.
export function post(route, body = {}, query = {}) {
  const raw = body instanceof Blob;
  return ask(withQuery(route, query), {
    method: "POST",
    headers: raw ? {} : { "content-type": "application/json" },
    body: raw ? body : JSON.stringify(body),
  });
}

// The same, and says how it went; null where it failed.
export async function act(route, body = {}, { quiet = false, query = {} } = {}) {
  try {
    const reply = await post(route, body, query);
    const text = outcome(reply);
    if (text && !quiet) toast(text);
    return reply;
  } catch (error) {
    toast(error.message, "bad");
    return null;
  }
}
