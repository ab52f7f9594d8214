// Everything that changes something on the server goes through here.
import { outcome, t } from "./messages.js";
import { toast } from "./toast.js";

export async function post(path, body = {}) {
  const raw = body instanceof Blob;
  const response = await fetch(path, {
    method: "POST",
    headers: raw ? {} : { "content-type": "application/json" },
    body: raw ? body : JSON.stringify(body),
  });
  const text = await response.text();
  if (response.ok) return JSON.parse(text);
  let reason = text;
  try { reason = JSON.parse(text).error ?? text; } catch { /* plain text */ }
  throw new Error(reason.trim() ? t("error.device", { reason: reason.trim() }) : t("error.status", { status: response.status }));
}

// The same, saying how it went.
export async function act(path, body, { quiet = false } = {}) {
  try {
    const reply = await post(path, body);
    const text = outcome(reply);
    if (text && !quiet) toast(text);
    return reply;
  } catch (error) {
    toast(error instanceof TypeError ? t("error.offline") : error.message, "bad");
    return null;
  }
}
