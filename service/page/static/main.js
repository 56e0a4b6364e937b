// The frame of the page: routing by URL fragment, navigation, theme, API key prompt.
import { setKeyPrompt } from "./api/key.js";
import { Problem } from "./api/problem.js";
import { showKeyDialog } from "./parts/key_dialog.js";
import { failure } from "./parts/notice.js";
import { attachTheme } from "./parts/theme.js";

const TITLE = document.title;
const PAGES = [ // pattern of the fragment, module, title
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
let navigations = 0; // a page whose module loads after a later navigation is not shown

/** Show the page for the current fragment. A page module exports `show(main, ...arguments)`, which returns a function that closes it. */
async function show() {
  const own = (navigations += 1);
  const [matched, name, title] = route();
  close();
  close = () => {};
  markCurrentLink();
  const page = await import(`./pages/${name}.js`).catch(() => null);
  if (own !== navigations) return;
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

/** Mark the link to the current page in the navigation bar. */
function markCurrentLink() {
  const here = location.hash.replace(/^#\/evaluations\/.*/, "#/evaluate").replace(/^#\/evaluation-sets\/.*/, "#/sets")
    .replace(/^#\/models\/.*/, "#/models") || "#/";
  for (const link of document.querySelectorAll("header nav a")) {
    if (link.getAttribute("href") === here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // its fragment is not a page
  main.focus();
});
setKeyPrompt(showKeyDialog);
attachTheme(document.getElementById("theme"));
addEventListener("hashchange", async () => {
  await show();
  scrollTo(0, 0);
  main.focus({ preventScroll: true });
});
show();
