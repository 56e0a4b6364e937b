// The page's frame: which part of it is shown, the theme.
import { Problem } from "./api/problem.js";
import { failure } from "./parts/notice.js";
import { attachTheme } from "./parts/theme.js";

const TITLE = document.title;
const PAGES = [
  [/^#?\/?$/, "predict", "Predict"],
  [/^#\/evaluate$/, "evaluate", "Evaluate"],
  [/^#\/evaluations\/([0-9a-f]{32})$/, "evaluation", "Evaluation"],
  [/^#\/sets$/, "sets", "Sets"],
  [/^#\/evaluation-sets\/([0-9a-f]{32})$/, "set", "Set"],
  [/^#\/models(?:\/(.+))?$/, "models", "Models"],
  [/^#\/service$/, "service", "Service"],
];
const main = document.getElementById("main");
let close = () => {};
let turn = 0; // counts changes of the page, so that a slow one does not come after a quick one

/** Show what the address names. A page is a module whose `show(main, ...parts of the address)` returns how to end it. */
async function show() {
  const mine = (turn += 1);
  const [matched, name, title] = route();
  close();
  close = () => {};
  mark();
  const page = await import(`./pages/${name}.js`).catch(() => null);
  if (mine !== turn) return;
  document.title = `${title} · ${TITLE}`;
  main.replaceChildren();
  main.className = name;
  if (page) close = page.show(main, ...matched.slice(1).map((part) => part && decodeURIComponent(part)));
  else main.append(failure(new Problem({ kind: "updated" })));
}

function route() {
  for (const [pattern, ...page] of PAGES) {
    const matched = pattern.exec(location.hash);
    if (matched) return [matched, ...page];
  }
  return [[""], "predict", "Predict"];
}

/** Tell in the navigation where we are. */
function mark() {
  const here = location.hash.replace(/^#\/evaluations\/.*/, "#/evaluate").replace(/^#\/evaluation-sets\/.*/, "#/sets")
    .replace(/^#\/models\/.*/, "#/models") || "#/";
  for (const link of document.querySelectorAll("header nav a")) {
    if (link.getAttribute("href") === here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // its fragment is no page
  main.focus();
});
attachTheme(document.getElementById("theme"));
addEventListener("hashchange", async () => {
  await show();
  scrollTo(0, 0);
  main.focus({ preventScroll: true });
});
show();
