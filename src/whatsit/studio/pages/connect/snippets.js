// Lines to copy: for a terminal, and for whatsit.toml.
import { t } from "../messages.js";
import { toast } from "../toast.js";

const $ = (id) => document.getElementById(id);
const local = ["127.0.0.1", "localhost", "[::1]"].includes(location.hostname);
// Off this machine a token is needed; the page does not know it.
const curl = ["curl", location.protocol === "https:" ? "--cacert studio.crt" : "", local ? "" : "-H \"Authorization: Bearer $WHATSIT_TOKEN\""].filter(Boolean).join(" ");
const SNIPPETS = {
  classify: `${curl} -F image=@picture.jpg ${location.origin}/api/v1/classify`,
  events: `${curl} -N ${location.origin}/api/v1/events`,
  home_assistant: '[[sinks]]\nto = "mqtt://user@homeassistant.local"\npassword = "env:MQTT_PASSWORD"\n',
  webhook: '[[sinks]]\nto = "webhook:https://example.org/hook"\nsecret = "env:HOOK_SECRET"\n',
};

export function writeSnippets() {
  for (const [name, text] of Object.entries(SNIPPETS)) $(name).textContent = text;
  for (const button of document.querySelectorAll("[data-copies]")) {
    button.addEventListener("click", async () => {
      const text = $(button.dataset.copies);
      try {
        await navigator.clipboard.writeText(text.textContent);
        toast(t("connect.copied"));
      } catch { // only secure pages may write there
        getSelection().selectAllChildren(text);
        toast(t("connect.selected"));
      }
    });
  }
}
