// The colour theme: the system's until the user chooses one.

const STORAGE_KEY = "labn-theme";
const THEMES = { auto: ["Theme: system", "◐"], light: ["Theme: light", "☀"], dark: ["Theme: dark", "☾"] };

/** Make a button cycle through the themes. */
export function attachTheme(button) {
  const names = Object.keys(THEMES);
  const take = (name) => {
    const [label, sign] = THEMES[name];
    button.textContent = sign;
    button.title = label;
    button.setAttribute("aria-label", label);
    if (name === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    return name;
  };
  let chosen = take(names.includes(localStorage.getItem(STORAGE_KEY)) ? localStorage.getItem(STORAGE_KEY) : "auto");
  button.addEventListener("click", () => {
    chosen = take(names[(names.indexOf(chosen) + 1) % names.length]);
    localStorage.setItem(STORAGE_KEY, chosen);
  });
}
