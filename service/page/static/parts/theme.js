// Dark or light: as the system has it, until a person says otherwise.

const PLACE = "labn-theme";
const THEMES = { auto: ["Theme: as the system", "◐"], light: ["Theme: light", "☀"], dark: ["Theme: dark", "☾"] };

/** Let a button change the theme. */
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
  let chosen = take(names.includes(localStorage.getItem(PLACE)) ? localStorage.getItem(PLACE) : "auto");
  button.addEventListener("click", () => {
    chosen = take(names[(names.indexOf(chosen) + 1) % names.length]);
    localStorage.setItem(PLACE, chosen);
  });
}
