// The page's words: what the server put into it, in the visitor's language.
const words = JSON.parse(document.getElementById("messages").textContent);
const plural = new Intl.PluralRules(document.documentElement.lang);

export function t(key, values = {}) {
  let text = words[key];
  if (text === undefined && "n" in values) {
    text = words[`${key}.${plural.select(values.n)}`] ?? words[`${key}.other`];
  }
  return (text ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

// Whether there is a text of that name.
export const has = (key) => key in words || `${key}.other` in words;

// What a reply says; nothing where its message has no text.
export function outcome(reply) {
  const text = t(`done.${reply.message}`, reply.values);
  if (text === `done.${reply.message}`) return "";
  const { gone } = reply.values;
  if (!gone) return text;
  return t("done.both", { text, lost: t("done.gone", { n: gone }) });
}

// Where the navigation is wider than the screen, the page that is open stays in sight.
const here = document.querySelector(".top nav [aria-current]");
if (here) here.parentElement.scrollLeft = here.offsetLeft - here.parentElement.offsetLeft - (here.parentElement.clientWidth - here.offsetWidth) / 2;
